frappe.provide("frappe.dashboards.chart_sources");

frappe.dashboards.chart_sources["Orders by Stage"] = {
	method: "metalcraft_workflow.metalcraft_workflow.dashboard_chart_source.orders_by_stage.orders_by_stage.get",
	filters: [],
};
