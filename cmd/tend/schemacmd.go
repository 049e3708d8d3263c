package main

import (
	"encoding/json"
	"slices"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/plans"
	"tend/runbooks"
)

func (a *app) schemaCmd() *cobra.Command {
	return &cobra.Command{
		Use: "schema inventory|runbook|plan", Short: "Print a JSON Schema, so that editors complete and check the files",
		Long: `Print the JSON Schema (draft 7) of inventory, runbook or maintenance plan files. Editors that know TOML schemas (taplo, Even Better TOML, Helix, Zed)
complete keys and show their help from it. "tend inventory check", "tend runbook check" and "tend plan show" know more
than a schema can say: whether a selector finds hosts, a parameter is declared, a script is shell.`,
		Example:   "  tend schema runbook > ~/.config/tend/runbook.schema.json\n  tend schema inventory > inventory.schema.json\n  # then put \"#:schema ./inventory.schema.json\" on inventory.toml's first line",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"inventory", "runbook", "plan"},
		RunE: func(_ *cobra.Command, args []string) error {
			enc := json.NewEncoder(a.out)
			enc.SetIndent("", "  ")
			enc.SetEscapeHTML(false)
			return enc.Encode(map[string]func() schema{"inventory": inventorySchema, "runbook": runbookSchema, "plan": planSchema}[args[0]]())
		},
	}
}

// schema is a JSON Schema, or a part of one.
type schema map[string]any

// schemaKey is what inventory.Key and runbooks.Key have in common.
type schemaKey struct {
	table, name, kind, help, example string
	options                          []string
	required                         bool
	bounds                           [2]int
	pattern                          string
	alone                            bool // one string may stand for an array of one, and "" for nothing
}

const draft = "http://json-schema.org/draft-07/schema#"

func inventorySchema() schema {
	tables := map[string][]schemaKey{}
	for _, k := range inventory.Keys() {
		tables[k.Table] = append(tables[k.Table], schemaKey{k.Table, k.Name, k.Type, k.Help, k.Example, k.Options, k.Required, k.Range, k.Pattern, true})
	}
	for _, t := range []string{"site", "rack", "host"} {
		tables[t] = append(tables[t], tables["every level"]...)
	}
	defs := schema{"top-host": object(tables["host"])}
	tables["host"] = slices.DeleteFunc(tables["host"], func(k schemaKey) bool { return k.name == "site" || k.name == "rack" })
	for _, t := range inventory.KeyTables {
		defs[slug(t)] = object(tables[t])
	}
	defs["file"].(schema)["properties"].(schema)["host"].(schema)["$ref"] = "#/definitions/top-host"
	for _, t := range []string{"file", "site", "rack"} {
		lists(defs[slug(t)].(schema), "site", "rack", "host", "group", "service")
	}
	inventoryLaws(defs)
	return schema{"$schema": draft, "title": "tend inventory", "$ref": "#/definitions/file", "definitions": defs}
}

// inventoryLaws adds what one key says of another, and what names may not be.
func inventoryLaws(defs schema) {
	value := func(extra schema) schema {
		return schema{"anyOf": []schema{{"type": "string"}, {"type": "integer"}, extra}}
	}
	below := schema{"type": "object", "propertyNames": schema{"pattern": "^[A-Za-z0-9._-]+$"}, "additionalProperties": value(schema{"$ref": "#/definitions/vars-below"})}
	defs["vars-below"] = below
	defs["vars"] = schema{"type": "object", "propertyNames": schema{"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}, "additionalProperties": below["additionalProperties"]}
	for _, t := range []string{"host", "top-host"} {
		defs[t].(schema)["properties"].(schema)["name"].(schema)["not"] = schema{"enum": []string{"all"}}
	}
	for _, t := range []string{"defaults", "site", "rack"} {
		defs[t].(schema)["properties"].(schema)["addr"].(schema)["allOf"] = []schema{{"pattern": `\{name\}`}}
	}
	defs["top-host"].(schema)["dependencies"] = schema{"rack": []string{"site"}}
	defs["group"].(schema)["anyOf"] = oneNeeded("max_down", "quorum")
}

func runbookSchema() schema {
	defs := definitions(runbooks.KeyTables, runbooks.Keys())
	defs["facts"] = schema{"type": "object", "propertyNames": schema{"pattern": runbooks.FactKeyPattern}, "additionalProperties": schema{"type": "string", "pattern": runbooks.FactPattern}}
	lists(defs["runbook"].(schema), "param", "before", "step", "after")
	lists(defs["step"].(schema), "asks")
	runbookLaws(defs)
	return schema{"$schema": draft, "title": "tend runbook", "$ref": "#/definitions/runbook", "definitions": defs}
}

// runbookLaws adds what one key says of another.
func runbookLaws(defs schema) {
	book, param, step := defs["runbook"].(schema), defs["param"].(schema), defs["step"].(schema)
	book["anyOf"] = oneNeeded("step", "before", "after")
	param["properties"].(schema)["name"].(schema)["not"] = schema{"pattern": "^tend_"}
	param["allOf"] = []schema{
		{"if": is("type", "choice"), "then": schema{"required": []string{"options"}, "properties": schema{"options": schema{"minItems": 1}}},
			"else": schema{"properties": schema{"options": schema{"maxItems": 0}}}},
		{"if": schema{"anyOf": oneNeeded("min", "max")}, "then": is("type", "int", "duration", "list")},
		{"if": schema{"required": []string{"default"}, "properties": schema{"default": schema{"type": "array"}}}, "then": is("type", "list")},
		{"if": schema{"anyOf": []schema{is("required", true), is("secret", true)}}, "then": schema{"not": schema{"required": []string{"default"}}}},
	}
	written := schema{"anyOf": []schema{says("copy"), says("template")}}
	step["anyOf"] = append(oneNeeded("script", "words", "for"), says("copy"), says("template"), says("fetch"), is("kind", "reboot"))
	step["dependencies"] = schema{"to": written, "mode": written, "owner": written, "copy": []string{"to"}, "template": []string{"to"}}
	reads := schema{"properties": schema{"risk": schema{"enum": []string{"", "read"}}}}
	step["allOf"] = []schema{
		{"if": is("kind", "check"), "then": reads},
		{"if": is("kind", "reboot"), "then": schema{"properties": schema{"risk": schema{"enum": []string{"", "disrupt"}}}}},
	}
	before := book["properties"].(schema)["before"].(schema)
	before["items"] = schema{"allOf": []schema{before["items"].(schema), reads, {"not": is("kind", "reboot")}}}
}

func planSchema() schema {
	defs := definitions(plans.KeyTables, plans.Keys())
	plan := defs["plan"].(schema)
	lists(plan, "approver", "run")
	run := plan["properties"].(schema)["run"].(schema)
	run["minItems"] = 1
	scoped := schema{"properties": schema{"run": schema{"items": schema{"required": []string{"scope"}}}}}
	plan["anyOf"] = []schema{{"required": []string{"scope"}}, scoped}
	return schema{"$schema": draft, "title": "tend maintenance plan", "$ref": "#/definitions/plan", "definitions": defs}
}

// oneNeeded holds where one of the keys is there at least.
func oneNeeded(keys ...string) []schema {
	out := make([]schema, len(keys))
	for i, k := range keys {
		out[i] = schema{"required": []string{k}}
	}
	return out
}

// is holds where a key is there, and has one of these values.
func is(key string, values ...any) schema {
	return schema{"required": []string{key}, "properties": schema{key: schema{"enum": values}}}
}

// says holds where a key is there, and is not the empty text.
func says(key string) schema {
	return schema{"required": []string{key}, "properties": schema{key: schema{"minLength": 1}}}
}

func definitions(names []string, keys []runbooks.Key) schema {
	tables := map[string][]schemaKey{}
	for _, k := range keys {
		tables[k.Table] = append(tables[k.Table], schemaKey{k.Table, k.Name, k.Type, k.Help, k.Example, k.Options, k.Required, k.Range, k.Pattern, false})
	}
	defs := schema{}
	for _, t := range names {
		defs[slug(t)] = object(tables[t])
	}
	return defs
}

// slug makes "every level" a definition's name.
func slug(table string) string {
	if table == "every level" {
		return "defaults"
	}
	return table
}

func object(keys []schemaKey) schema {
	props := schema{}
	var required []string
	for _, k := range keys {
		s := kindSchema(k)
		s["description"] = k.help
		if k.example != "" {
			s["description"] = k.help + ". Example: " + k.name + " = " + k.example
		}
		props[k.name] = s
		if k.required {
			required = append(required, k.name)
		}
	}
	o := schema{"type": "object", "additionalProperties": false, "properties": props}
	if len(required) > 0 {
		slices.Sort(required)
		o["required"] = required
	}
	return o
}

// lists turns the tables of these names into arrays of tables.
func lists(object schema, names ...string) {
	props := object["properties"].(schema)
	for name, p := range props {
		if ref, ok := p.(schema)["$ref"]; ok && slices.Contains(names, name) {
			props[name] = schema{"type": "array", "items": schema{"$ref": ref}, "description": p.(schema)["description"]}
		}
	}
}
