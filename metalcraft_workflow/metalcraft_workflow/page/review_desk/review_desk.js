// What is on the page is drawn by public/js/review_desk.js, which shares the dialogs of the forms.
frappe.pages["review-desk"].on_page_load = (wrapper) => {
	wrapper.review_desk = new metalcraft_workflow.ReviewDesk(wrapper);
};

frappe.pages["review-desk"].on_page_show = (wrapper) => wrapper.review_desk?.show();
