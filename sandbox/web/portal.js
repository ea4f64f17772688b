// What the portal's pages ask of the engine's scripts, which are built by npm alone: the name of the engine, the
// menu, and who is signed in.

window.frappe = window.monoframe ??= {};

// Makes a name to put functions under
frappe.provide ??= (name) => {
	name.split(".").reduce((place, part) => (place[part] ??= {}), window);
};

// Scripts within the engine's pages ask jQuery for what is done below, or not at all
window.$ = () => new Proxy(() => $(), { get: () => () => $() });

document.addEventListener("DOMContentLoaded", () => {
	// Menus open and close
	for (const button of document.querySelectorAll("[data-toggle]")) {
		const menu =
			document.querySelector(button.dataset.target || "#none") ||
			button.parentElement.querySelector(".dropdown-menu");
		button.addEventListener("click", (event) => {
			event.preventDefault();
			button.setAttribute("aria-expanded", menu.classList.toggle("show"));
		});
		if (!menu.matches(".dropdown-menu")) continue;
		const close = () => {
			menu.classList.remove("show");
			button.setAttribute("aria-expanded", false);
		};
		document.addEventListener("click", (event) => button.contains(event.target) || close());
		document.addEventListener("keydown", (event) => event.key === "Escape" && close());
	}

	// Who is signed in
	const cookies = new URLSearchParams(document.cookie.replaceAll("; ", "&"));
	const name = cookies.get("full_name");
	const is_guest = !name || name === "Guest";
	for (const login of document.querySelectorAll(".btn-login-area")) login.hidden = !is_guest;
	const account = document.getElementById("website-post-login");
	if (account && !is_guest) {
		account.style.display = "";
		const avatar = Object.assign(document.createElement("span"), {
			className: "avatar-frame",
			textContent: name[0].toUpperCase(),
			title: name,
		});
		account.querySelector(".user-image-wrapper").append(avatar);
		account.querySelector(".nav-avatar").setAttribute("aria-label", name);
	}

	// Where one is
	for (const link of document.querySelectorAll(".sidebar-item a")) {
		link.classList.toggle("active", link.pathname === location.pathname);
	}
});

// Buttons of the sandbox's own pages that take a step of a workflow
document.addEventListener("click", async (event) => {
	const button = event.target.closest("[data-action]");
	if (!button) return;
	const { doctype, name, action } = button.dataset;
	const problem = document.querySelector(".problem");
	button.disabled = true;
	const answer = await fetch("/api/method/frappe.model.workflow.apply_workflow", {
		method: "POST",
		headers: { "Content-Type": "application/json", Accept: "application/json" },
		body: JSON.stringify({ doc: JSON.stringify({ doctype, name }), action }),
	});
	if (answer.ok) return location.reload();
	const said = JSON.parse((await answer.json())._server_messages || "[]");
	const words = said.map((message) => JSON.parse(message).message.replace(/<br\s*\/?>/g, "\n"));
	const text = new DOMParser().parseFromString(words.join("\n"), "text/html").body.textContent;
	problem.textContent = text || "The server refused, and gave no reason.";
	problem.hidden = false;
	problem.scrollIntoView({ block: "center" });
	button.disabled = false;
});
