/** Templates of chats: those that real models have, and those that reach for Python. */

import { describe, expect, it } from "vitest";
import { checkTemplate } from "../../../src/inspection/formats/text/jinja.ts";
import { verdict } from "./judging.ts";
import { SAMPLES } from "./samples.ts";

function codesOf(template: string): string[] {
  const codes: string[] = [];
  checkTemplate(template, (code) => void codes.push(code));
  return codes;
}

describe("a template", () => {
  it.each<[how: string, template: string]>([
    [
      "with headers and a date",
      `{{- bos_token }}{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}
{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- else %}{%- set date_string = "26 Jul 2024" %}{%- endif %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content']|trim %}{%- set messages = messages[1:] %}{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- for t in tools %}{{- t | tojson(indent=4) }}{%- endfor %}
{%- for message in messages %}{%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}{{- '<|x|>' + message['role'] + message['content'] | trim + '<|eot_id|>' }}
{%- elif 'tool_calls' in message %}{%- if not message.tool_calls|length == 1 %}{{- raise_exception("one tool call at once") }}{%- endif %}
{%- for arg_name, arg_val in tool_call.arguments | items %}{{- arg_name + '="' + arg_val + '"' }}{%- if not loop.last %}{{- ", " }}{%- endif %}{%- endfor %}{%- endif %}{%- endfor %}
{%- if message.content is mapping or message.content is iterable and message.content is not string %}x{%- endif %}`,
    ],
    [
      "with a namespace and a backward walk",
      `{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if ns.multi_step_tool and message.role == "user" and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}{%- set ns.multi_step_tool = false %}{%- endif %}{%- endfor %}
{%- if '</think>' in message.content %}{%- set reasoning_content = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{%- endif %}`,
    ],
    [
      "with alternating roles",
      "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{{ '[INST] ' ~ message['content'] ~ ' [/INST]' }}{% endfor %}",
    ],
    [
      "with macros",
      "{%- macro format_parameters(properties, required) -%}{%- set standard_keys = ['description', 'type'] -%}{%- for key, value in properties | dictsort -%}{{ key }}:{description:<escape>{{ value['description'] }}}{%- endfor -%}{%- endmacro -%}{{ format_parameters(a, b) }}{% generation %}{{ x | upper }}{% endgeneration %}",
    ],
    [
      "with wide characters",
      "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{{'<｜User｜>' + message['content']}}{{'<｜tool▁calls▁begin｜>'}}{% set ns = namespace(is_first=false, is_tool=false) %}",
    ],
    [
      "with a dictionary",
      "{% set d = {'a': {'b': 1}} %}{{ {'a': {'b': 1}}}}{{ d.get('a', {}).items() }}{{ [1, 2, (3)] | join(', ') }}",
    ],
    [
      "with raw text and comments",
      "{# {{ x.__class__ }} #}{% raw %}{{ x.__class__ }}{% endraw %}text __class__ {{ m.content | default('', true) | replace('a', \"b\") }}",
    ],
    ["without any", "text"],
  ])("%s is ordinary", (_, template) => {
    expect(codesOf(template)).toEqual([]);
  });

  it.each([
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ x['__class__'] }}",
    '{{ x["\\x5f\\x5fclass\\x5f\\x5f"] }}',
    '{{ x["\\u005f\\137class__"] }}',
    "{{ x|attr('__class__') }}",
    "{{ [x]|map(attribute='__class__')|list }}",
    "{% for c in self.__init__.__globals__ %}{% endfor %}",
    "{% set a = cycler.__init__.__globals__.os.popen('id').read() %}",
    "{{ {'a': {'b': x.__class__}}}}",
    "{{ '}}' }}{{ x.__class__ }}",
    '{{ "%}" ~ x.__class__ }}',
    "{% raw %}{% endraw %}{{ x.__class__ }}",
    "{# #}{{- x.__class__ -}}",
    "{% set evil %}{{ lipsum.__globals__ }}{% endset %}",
    "{{ unfinished.a | bogus }}{{ x.__class__ }}",
  ])("that reaches for Python is unsafe: %s", (template) => {
    expect(codesOf(template)).toEqual(["template_escape"]);
  });

  it.each([
    "{{ cycler }}",
    "{{ lipsum(5) }}",
    "{{ self }}",
    "{{ request.application }}",
    "{{ x|attr(name) }}",
    "{{ '%s' | format(x) }}",
    "{{ '{0.a}'.format(x) }}",
    "{{ x['_private'] }}",
    "{{ x._private }}",
    "{{ '_' ~ '__' }}",
    "{{ f.gi_frame.f_globals }}",
    "{{ x.mro() }}",
    "{{ unknown_function() }}",
    "{{ messages.sort() }}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% unknown %}",
    "{{ x",
    "{{ ` }}",
    "{# open",
    "{% raw %}",
    "{{ ｃycler }}",
  ])("that does more than ordinary ones is unknown: %s", (template) => {
    expect(codesOf(template)).toEqual(["template_code"]);
  });

  it("takes time in proportion to its length", () => {
    for (const piece of ["{{", "{% raw %}", "{%", "{#", "{{ '", "{{ {", "{{ x }}", "{% macro ", "(", "\\"]) {
      codesOf(piece.repeat(Math.floor(1_000_000 / piece.length)));
      codesOf(`{{ ${piece.repeat(Math.floor(1_000_000 / piece.length))}`);
    }
    expect(codesOf(" ".repeat(1024 * 1024 + 1))).toEqual(["bound_reached"]);
  });
});

it("templates of one text are checked up to a bound together", async () => {
  const template = `{{ x }}${" ".repeat(500_000)}`;
  const many = JSON.stringify(Array.from({ length: 6 }, () => ({ chat_template: template })));
  expect((await verdict(many)).codes).toEqual(["bound_reached"]);
});

describe("a template is found", () => {
  const evil = "{{ x.__class__ }}";
  it.each<[where: string, data: Uint8Array | string, name: string]>([
    ["in the settings of a tokenizer", JSON.stringify({ chat_template: evil }), "tokenizer_config.json"],
    [
      "in one of several",
      JSON.stringify({ chat_template: [{ name: "default", template: evil }] }),
      "tokenizer_config.json",
    ],
    ["in an object of them", JSON.stringify({ chat_template: { default: evil } }), "processor_config.json"],
    ["in a file of its own", JSON.stringify({ chat_template: evil }), "chat_template.json"],
    ["in a file of JSON under another name", JSON.stringify({ a: [{ chat_template: evil }] }), "x"],
    ["in the first of two keys", `{"chat_template": "${evil}", "chat_template": "ok"}`, "tokenizer_config.json"],
    ["in a template's own file", evil, "chat_template.jinja"],
    ["in GGUF", SAMPLES.ggufEscape, "model.gguf"],
  ])("%s", async (_, data, name) => {
    expect((await verdict(data, name)).codes).toEqual(["template_escape"]);
  });
});
