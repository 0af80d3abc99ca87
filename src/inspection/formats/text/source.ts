/** Names and first lines of files that some program runs. */

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const EXTENSIONS = words(
  "py pyw pyi pyx pxd ipynb sh bash zsh fish csh ksh bat cmd ps1 psm1 psd1 vbs vbe wsf wsh hta js mjs cjs jsx ts mts cts tsx vue svelte coffee r rmd rnw qmd jl lua rb erb gemspec pl pm t php phtml java kt kts scala sbt groovy gradle clj cljs c cc cpp cxx h hh hpp hxx cu cuh cl metal hip ptx m mm swift rs go cs fs vb d nim zig dart ex exs erl hs lhs ml mli elm lisp el scm rkt f f90 f95 for pas asm s v sv vhd sql awk sed tcl exp expect applescript scpt sas do ado nb wl reg inf desktop service plist lnk url cmake mk mak ninja bzl bazel tf hcl nix dockerfile jenkinsfile vagrantfile proto thrift g4 y yy lex lark pyt pth mako",
);
const NAMES = words(
  "makefile gnumakefile dockerfile containerfile jenkinsfile vagrantfile rakefile gemfile procfile justfile cmakelists.txt build workspace setup.cfg pyproject.toml tox.ini noxfile .envrc .bashrc .bash_profile .profile .zshrc .gitmodules .gitconfig .npmrc .yarnrc .yarnrc.yml .condarc .pypirc .pre-commit-config.yaml docker-compose.yml docker-compose.yaml compose.yaml compose.yml environment.yml .rprofile crontab .pdbrc pylintrc .pylintrc pytest.ini .pytest.ini .coveragerc .flake8 mypy.ini .mypy.ini",
);

/** What says that a text is a program: its name, or its first line; undefined if nothing does. */
export function findProgram(name: string, text: string): string | undefined {
  const extension = /\.([a-z0-9_]+)$/.exec(name)?.[1] ?? "";
  if (extension === "pth" && !(text.includes("import") && /^import[ \t]/m.test(text))) return undefined;
  if (EXTENSIONS.has(extension)) return `source code, by its name: .${extension}`;
  if (NAMES.has(name) || /^(?:dockerfile|makefile|sitecustomize|usercustomize)(?:[.-]|$)/.test(name))
    return `a file that a tool runs, by its name: ${name}`;
  return undefined;
}

/** Whether a text says which program runs it. */
export function hasShebang(head: Uint8Array): boolean {
  return head[0] === 0x23 && head[1] === 0x21;
}
