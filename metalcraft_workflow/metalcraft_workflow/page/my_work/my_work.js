// What is on the page is drawn by public/js/my_work.js, which shares the dialogs of the forms.
frappe.pages["my-work"].on_page_load = (wrapper) => {
	wrapper.my_work = new metalcraft_workflow.MyWork(wrapper);
};

frappe.pages["my-work"].on_page_show = (wrapper) => wrapper.my_work?.show();
