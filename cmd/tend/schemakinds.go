package main

import "tend/runbooks"

// What a key may hold, by its kind, as JSON Schema says it.

// percentPattern is 0% to 100%; portPattern a port as text, 1 to 65535.
const (
	percentPattern = `0*(100|[0-9]{1,2})%`
	portPattern    = `^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])(/tcp|/udp)?$`
)

func either(all ...schema) schema { return schema{"anyOf": all} }

// arrayOf is an array; an inventory takes as many items as that.
func arrayOf(items schema) schema { return schema{"type": "array", "items": items, "maxItems": 1000} }

// textSchema is the key's text.
func textSchema(k schemaKey) schema {
	text := schema{"type": "string"}
	switch {
	case len(k.options) > 0 && !k.required:
		text["enum"] = append([]string{""}, k.options...) // empty is as good as not there: what an outer level says is taken back so
	case len(k.options) > 0:
		text["enum"] = k.options
	case k.pattern != "":
		text["pattern"] = k.pattern
	case k.required:
		text["minLength"] = 1
	}
	if k.kind == "duration" && k.bounds[0] > 0 {
		text["allOf"] = []schema{{"pattern": "[1-9]"}}
	}
	return text
}

func numberSchema(k schemaKey) schema {
	n := schema{"type": "integer"}
	if k.bounds != [2]int{} {
		n["minimum"], n["maximum"] = k.bounds[0], k.bounds[1]
	}
	return n
}

// kindSchema says what a key of that kind may hold.
func kindSchema(k schemaKey) schema {
	text, number, words := textSchema(k), numberSchema(k), arrayOf(schema{"type": "string"})
	switch k.kind {
	case "string", "text", "selector", "duration":
		return text
	case "date":
		return schema{"type": "string", "format": "date"}
	case "int":
		return number
	case "bool":
		return schema{"type": "boolean"}
	case "strings":
		if k.alone {
			return either(arrayOf(text), text, schema{"type": "string", "maxLength": 0})
		}
		return arrayOf(text)
	case "ports":
		return arrayOf(either(schema{"type": "integer", "minimum": 1, "maximum": 65535}, schema{"type": "string", "pattern": portPattern}))
	case "units":
		return either(number, schema{"type": "array", "items": number, "minItems": 1})
	case "limit":
		return either(schema{"type": "integer", "minimum": 0}, schema{"type": "string", "pattern": "^" + percentPattern + "$"})
	case "portion":
		least := "[0-9]{1,10}"
		if k.bounds[0] > 0 {
			least = "0*[1-9][0-9]{0,9}"
		}
		return either(number, schema{"type": "string", "pattern": "^(" + least + "|" + percentPattern + ")?$"})
	case "values":
		return schema{"type": "object", "additionalProperties": either(schema{"type": "string"}, schema{"type": "integer"}, schema{"type": "boolean"}, words)}
	case "value":
		return either(text, schema{"type": "integer"}, schema{"type": "boolean"}, words)
	case "script":
		return scriptSchema()
	default: // a table
		return schema{"$ref": "#/definitions/" + slug(k.kind)}
	}
}

// scriptSchema is a script for sh, or one for each of several systems.
func scriptSchema() schema {
	shell := schema{"type": "string", "pattern": "[^\\t\\n\\r ]"}
	variants := schema{}
	for _, v := range runbooks.VariantNames() {
		variants[v] = shell
	}
	return either(shell, schema{"type": "object", "properties": variants, "propertyNames": schema{"pattern": runbooks.VariantPattern}, "additionalProperties": shell})
}
