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
complete keys and show their help from it. "tend inventory check", "tend runbook check" and "tend plan show" are stricter: they know more than a schema can say.`,
		Example:   "  tend schema runbook > ~/.config/tend/runbook.schema.json\n  tend schema inventory > inventory.schema.json   # then put \"#:schema ./inventory.schema.json\" on inventory.toml's first line",
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
}

const draft = "http://json-schema.org/draft-07/schema#"

func inventorySchema() schema {
	tables := map[string][]schemaKey{}
	for _, k := range inventory.Keys() {
		tables[k.Table] = append(tables[k.Table], schemaKey{k.Table, k.Name, k.Type, k.Help, k.Example, k.Options, k.Required})
	}
	for _, t := range []string{"site", "rack", "host"} {
		tables[t] = append(tables[t], tables["every level"]...)
	}
	defs := schema{}
	for _, t := range inventory.KeyTables {
		defs[slug(t)] = object(tables[t])
	}
	for _, t := range []string{"file", "site", "rack"} {
		lists(defs[slug(t)].(schema), "site", "rack", "host", "group", "service")
	}
	return schema{"$schema": draft, "title": "tend inventory", "$ref": "#/definitions/file", "definitions": defs}
}

func runbookSchema() schema {
	defs := definitions(runbooks.KeyTables, runbooks.Keys())
	defs["facts"] = schema{"type": "object", "additionalProperties": schema{"type": "string"}}
	lists(defs["runbook"].(schema), "param", "before", "step", "after")
	lists(defs["step"].(schema), "asks")
	return schema{"$schema": draft, "title": "tend runbook", "$ref": "#/definitions/runbook", "definitions": defs}
}

func planSchema() schema {
	defs := definitions(plans.KeyTables, plans.Keys())
	lists(defs["plan"].(schema), "approver", "run")
	return schema{"$schema": draft, "title": "tend maintenance plan", "$ref": "#/definitions/plan", "definitions": defs}
}

func definitions(names []string, keys []runbooks.Key) schema {
	tables := map[string][]schemaKey{}
	for _, k := range keys {
		tables[k.Table] = append(tables[k.Table], schemaKey{k.Table, k.Name, k.Type, k.Help, k.Example, k.Options, k.Required})
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

// kindSchema says what a key of that kind may hold.
func kindSchema(k schemaKey) schema {
	text := schema{"type": "string"}
	if len(k.options) > 0 {
		text["enum"] = k.options
	}
	either := func(all ...schema) schema { return schema{"anyOf": all} }
	number := schema{"type": "integer", "minimum": 0}
	strings := schema{"type": "array", "items": schema{"type": "string"}}
	switch k.kind {
	case "string", "text", "selector", "duration":
		return text
	case "date":
		return schema{"type": "string", "format": "date"}
	case "int":
		return schema{"type": "integer"}
	case "bool":
		return schema{"type": "boolean"}
	case "strings":
		return either(strings, text)
	case "ports":
		return schema{"type": "array", "items": either(number, schema{"type": "string"})}
	case "units":
		return either(number, schema{"type": "array", "items": number})
	case "limit", "portion":
		return either(number, schema{"type": "string", "pattern": "^[0-9]+%?$"})
	case "vars", "values":
		return schema{"type": "object"}
	case "value":
		return either(text, schema{"type": "integer"}, schema{"type": "boolean"}, strings)
	case "script":
		variants := schema{}
		for _, v := range runbooks.VariantNames() {
			variants[v] = schema{"type": "string"}
		}
		return either(text, schema{"type": "object", "properties": variants, "additionalProperties": schema{"type": "string"}})
	default: // a table
		return schema{"$ref": "#/definitions/" + slug(k.kind)}
	}
}
