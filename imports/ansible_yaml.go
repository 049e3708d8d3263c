package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yaml reads an Ansible inventory in YAML form.
func (a *ansible) yaml(file string, data []byte) error {
	root, err := yamlRoot(file, data)
	if err != nil || root == nil {
		return err
	}
	if root.Kind != yaml.MappingNode {
		return wrong(file, root.Line, "the top of it is all:, or groups by name", "this is no inventory")
	}
	return eachPair(root, func(k, v *yaml.Node) error { return a.yamlGroup(file, k.Value, v, 0) })
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?line (\d+): `)

// yamlRoot is the document's node, nil for an empty one. Aliases are left unresolved: what multiplies itself is not followed.
func yamlRoot(file string, data []byte) (*yaml.Node, error) {
	var doc yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		text, line := err.Error(), 0
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			line, _ = strconv.Atoi(m[1])
			text = strings.TrimPrefix(text, m[0])
		}
		return nil, wrong(file, line, "", "%s", strings.TrimPrefix(text, "yaml: "))
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, nil
	}
	return doc.Content[0], nil
}

// eachPair goes through a mapping; an alias is followed once, a merge key (<<) into its mapping.
func eachPair(n *yaml.Node, do func(k, v *yaml.Node) error) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := do(n.Content[i], followed(n.Content[i+1])); err != nil {
			return err
		}
	}
	return nil
}

func followed(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func (a *ansible) yamlGroup(file, name string, n *yaml.Node, depth int) error {
	g := a.group(name)
	if depth > 50 {
		return wrong(file, n.Line, "is one of them its own child?", "groups are more than 50 deep")
	}
	if n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return wrong(file, n.Line, "hosts:, children: and vars: belong into it", "group %s is no mapping", name)
	}
	return eachPair(n, func(k, v *yaml.Node) error {
		switch {
		case v.Tag == "!!null":
			return nil
		case k.Value != "hosts" && k.Value != "children" && k.Value != "vars":
			a.found.leave(file, k.Line, "key %s of a group", k.Value)
			return nil
		case v.Kind != yaml.MappingNode:
			return wrong(file, v.Line, "end each name with a colon", "%s of group %s is no mapping", k.Value, name)
		case k.Value == "hosts":
			return eachPair(v, func(k, v *yaml.Node) error { return a.yamlHost(file, g, k, v) })
		case k.Value == "children":
			return eachPair(v, func(k, v *yaml.Node) error {
				g.adopt(k.Value)
				return a.yamlGroup(file, k.Value, v, depth+1)
			})
		}
		yamlVars(file, v, g.vars)
		return nil
	})
}

func (a *ansible) yamlHost(file string, g *ansibleGroup, k, v *yaml.Node) error {
	names, port, err := pattern(k.Value)
	if err != nil {
		return wrong(file, k.Line, "", "%v", err)
	}
	if v.Tag != "!!null" && v.Kind != yaml.MappingNode {
		return wrong(file, v.Line, "write its variables as name: value below it", "host %s is no mapping", k.Value)
	}
	for _, name := range names {
		vars := a.host(name, file, k.Line)
		g.add(name)
		if port != "" {
			vars["ansible_port"] = value{text: port, file: file, line: k.Line}
		}
		yamlVars(file, v, vars)
	}
	return nil
}

func yamlVars(file string, n *yaml.Node, into map[string]value) {
	_ = eachPair(n, func(k, v *yaml.Node) error { // the function fails on nothing
		if k.Value == "<<" && v.Kind == yaml.MappingNode {
			yamlVars(file, v, into)
			return nil
		}
		into[k.Value] = yamlValue(file, k.Line, v)
		return nil
	})
}

func yamlValue(file string, line int, v *yaml.Node) value {
	out := value{file: file, line: line}
	switch {
	case v.Tag == "!vault":
		out.odd = "a vault"
	case v.Tag == "!!null":
		out.odd = "empty"
	case v.Kind == yaml.SequenceNode:
		out.odd = "a list"
	case v.Kind != yaml.ScalarNode:
		out.odd = "a mapping"
	default:
		out.text = v.Value
	}
	return out
}

// listing is what `ansible-inventory --list` prints.
type listing struct {
	Hosts    []string                   `json:"hosts"`
	Children []string                   `json:"children"`
	Vars     map[string]json.RawMessage `json:"vars"`
}

// AnsibleList reads what `ansible-inventory --list` printed.
func AnsibleList(file string, data []byte, site string) (*Found, error) {
	a := newAnsible("ansible-inventory --list, " + file)
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, jsonWrong(file, data, err)
	}
	var meta struct {
		HostVars map[string]map[string]json.RawMessage `json:"hostvars"`
	}
	if m, ok := all["_meta"]; ok {
		if err := json.Unmarshal(m, &meta); err != nil {
			return nil, wrong(file, 0, "write it with ansible-inventory --list", "_meta: %v", err)
		}
	}
	delete(all, "_meta")
	for k, raw := range sorted(all) {
		g := a.group(k)
		var l listing
		if json.Unmarshal(raw, &l) != nil && json.Unmarshal(raw, &l.Hosts) != nil {
			return nil, wrong(file, 0, "write it with ansible-inventory --list", "group %s is not as ansible-inventory prints it", k)
		}
		for _, h := range l.Hosts {
			a.host(h, file, 0)
			g.add(h)
		}
		g.children = append(g.children, l.Children...)
		jsonVars(file, l.Vars, g.vars)
	}
	for h, vars := range sorted(meta.HostVars) {
		jsonVars(file, vars, a.host(h, file, 0))
	}
	return a.settle(file, site)
}

func jsonVars(file string, vars map[string]json.RawMessage, into map[string]value) {
	for k, raw := range vars {
		v := value{file: file}
		switch raw[0] {
		case '"':
			_ = json.Unmarshal(raw, &v.text) // it was part of a text that parsed
		case '{':
			v.odd = "a mapping"
		case '[':
			v.odd = "a list"
		case 'n':
			v.odd = "empty"
		default:
			v.text = string(raw)
		}
		into[k] = v
	}
}

// jsonWrong gives a JSON error the line that it is on.
func jsonWrong(file string, data []byte, err error) error {
	line := 0
	var syn *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syn):
		line = 1 + bytes.Count(data[:min(int(syn.Offset), len(data))], []byte("\n"))
	case errors.As(err, &typ):
		line = 1 + bytes.Count(data[:min(int(typ.Offset), len(data))], []byte("\n"))
	}
	return wrong(file, line, "give the whole of what the tool printed", "this is not the JSON that was expected: %v", err)
}
