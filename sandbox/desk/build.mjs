// Builds the scripts and styles of the engine's desk. Run in the folder that has the node_modules:
//     node build.mjs ENGINE OUT
// ENGINE is the installed package; OUT gets the bundles and assets.json, which names them.

import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [engine, out] = process.argv.slice(2);
const here = process.cwd();
const require = createRequire(path.join(here, "/"));
const esbuild = require("esbuild");
const sass = require("sass");
const vue = require("vue/compiler-sfc");

// What the desk asks for. Builders of forms, workflows and print formats, and what calls home, are left out.
const BUNDLES = [
	"js/libs.bundle.js",
	"js/desk.bundle.js",
	"js/list.bundle.js",
	"js/form.bundle.js",
	"js/controls.bundle.js",
	"js/report.bundle.js",
	"js/dialog.bundle.js",
	"js/calendar.bundle.js",
	"js/logtypes.bundle.js",
	"js/syntax_highlighting.bundle.js",
	"js/data_import_tools.bundle.js",
	"js/frappe/views/kanban/kanban_board.bundle.js",
	"js/frappe/file_uploader/file_uploader.bundle.js",
	"scss/desk.bundle.scss",
	"scss/report.bundle.scss",
	"scss/print.bundle.scss",
];

/** Whoever renamed the engine renamed what its files say, and not what they are called. */
const ENDINGS = ["", ".js", ".ts", "/index.js", ".scss"];
function found(file) {
	const renamed = path.join(
		engine,
		path.relative(engine, file).replaceAll("monoframe", "frappe")
	);
	return [file, renamed]
		.flatMap((each) => ENDINGS.map((ending) => each + ending))
		.find((each) => fs.existsSync(each) && fs.statSync(each).isFile());
}

/** A file of the engine, or of a package, by the name that a style or a script has for it. */
function elsewhere(name) {
	const packages = path.join(here, "node_modules");
	name = name.replace("monoframe/public/node_modules/", "~");
	if (name.startsWith("~"))
		return path.join(packages, name.slice(1).replaceAll("monoframe-", "frappe-"));
	if (name.startsWith("monoframe/")) return path.join(engine, name.slice("monoframe/".length));
}

const names = {
	name: "names",
	setup(build) {
		build.onResolve({ filter: /^\./ }, ({ path: name, resolveDir, kind }) => {
			if (kind === "entry-point" || resolveDir.includes("node_modules")) return;
			const file = found(path.resolve(resolveDir, name));
			return file && { path: file };
		});
		build.onResolve({ filter: /^monoframe\/|^~/ }, ({ path: name }) => ({
			path: elsewhere(name),
		}));
		build.onResolve({ filter: /^monoframe-/ }, ({ path: name, resolveDir, kind }) =>
			build.resolve(name.replaceAll("monoframe-", "frappe-"), { resolveDir: here, kind })
		);
		build.onResolve({ filter: /^\/assets\// }, ({ path: name }) => ({
			path: name,
			external: true,
		}));
	},
};

/** What is called after the engine on a page has Frappe's name, by which packages, the app and its tests know it.
 * Names of packages are left to `names`. */
const renamed = (text) =>
	text.replace(
		/(?<![\w/~@-])monoframe-(?!(charts|datatable|gantt|quill)\b)(?=[a-z])/g,
		"frappe-"
	);
const source = (file) => renamed(fs.readFileSync(file, "utf8"));

const scripts = {
	name: "scripts",
	setup(build) {
		build.onLoad({ filter: /\.[jt]s$/ }, ({ path: file }) => {
			if (!file.startsWith(engine)) return;
			return { contents: source(file), loader: file.endsWith(".ts") ? "ts" : "js" };
		});
	},
};

const templates = {
	name: "templates",
	setup(build) {
		build.onLoad({ filter: /\.html$/ }, ({ path: file }) => {
			const name = JSON.stringify(path.basename(file).split(".")[0]);
			// Their escapes are meant for a template literal
			const text = source(file).replaceAll("`", "\\`");
			return { contents: `monoframe.templates[${name}] = \`${text}\`;`, loader: "js" };
		});
	},
};

/** Styles with what they import. */
async function bundled(css, resolveDir) {
	const stdin = { contents: css, loader: "css", resolveDir };
	const nodePaths = [path.join(here, "node_modules")];
	const { outputFiles } = await esbuild.build({
		stdin,
		bundle: true,
		minify: true,
		write: false,
		nodePaths,
	});
	return outputFiles[0].text.trim();
}

const components = {
	name: "components",
	setup(build) {
		build.onLoad({ filter: /\.vue$/ }, async ({ path: file }) => {
			const id = `data-v-${path.basename(file, ".vue").toLowerCase()}`;
			const { descriptor } = vue.parse(source(file), { filename: file });
			const scoped = descriptor.styles.some((style) => style.scoped);
			const options = { filename: file, source: descriptor.template?.content, id, scoped };
			const script = vue.compileScript(descriptor, {
				id,
				inlineTemplate: Boolean(descriptor.scriptSetup),
				genDefaultAs: "component",
				templateOptions: { scoped, compilerOptions: { scopeId: scoped ? id : undefined } },
			});
			let code = script.content;
			if (!descriptor.scriptSetup && descriptor.template) {
				code += vue
					.compileTemplate(options)
					.code.replace("export function render", "function render");
				code += "\ncomponent.render = render;";
			}
			if (scoped) code += `\ncomponent.__scopeId = ${JSON.stringify(id)};`;
			const css = await bundled(
				descriptor.styles
					.map(({ content: source, scoped, lang }) => {
						if (lang)
							source = sass.compileString(source, {
								loadPaths: [path.dirname(file)],
							}).css;
						return vue.compileStyle({ source, filename: file, id, scoped }).code;
					})
					.join("\n"),
				path.dirname(file)
			);
			if (css) {
				code += `\ndocument.head.append(Object.assign(document.createElement("style"), {textContent: ${JSON.stringify(
					css
				)}}));`;
			}
			return {
				contents: code + "\nexport default component;",
				loader: script.lang || "js",
				resolveDir: path.dirname(file),
			};
		});
	},
};

const styles = {
	name: "styles",
	setup(build) {
		build.onLoad({ filter: /\.scss$/ }, ({ path: file }) => ({
			contents: renamed(
				sass.compile(file, {
					quietDeps: true,
					logger: sass.Logger.silent,
					importers: [
						{
							findFileUrl(name, { containingUrl }) {
								const there =
									elsewhere(name) ??
									found(
										path.resolve(
											path.dirname(fileURLToPath(containingUrl)),
											name
										)
									);
								return there ? pathToFileURL(there.replace(/\.css$/, "")) : null;
							},
						},
					],
				}).css
			),
			loader: "css",
			resolveDir: path.dirname(file),
		}));
	},
};

const built = await esbuild.build({
	entryPoints: BUNDLES.map((file) => ({
		in: path.join(engine, "public", file),
		out: path.basename(file).replace(/\.s?css$|\.js$/, ""),
	})),
	entryNames: "[name].[hash]",
	outdir: out,
	bundle: true,
	minify: true,
	metafile: true,
	logLevel: "error",
	target: "es2020",
	nodePaths: [path.join(here, "node_modules")],
	loader: {
		".woff": "dataurl",
		".woff2": "dataurl",
		".ttf": "dataurl",
		".eot": "dataurl",
		".svg": "dataurl",
		".png": "dataurl",
	},
	define: {
		"process.env.NODE_ENV": '"production"',
		__VUE_OPTIONS_API__: "true",
		__VUE_PROD_DEVTOOLS__: "false",
		__VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
	},
	plugins: [names, scripts, templates, components, styles],
});

const bundles = {};
for (const [file, { entryPoint }] of Object.entries(built.metafile.outputs)) {
	if (!entryPoint) continue;
	const [name, kind] = [path.basename(file).split(".")[0], path.extname(file)];
	bundles[`${name}.bundle${kind}`] = `/assets/desk/${path.basename(file)}`;
}
fs.writeFileSync(path.join(out, "assets.json"), JSON.stringify(bundles, null, "\t"));
