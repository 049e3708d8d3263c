package imports

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// columns maps what people call a column to what it is here.
var columns = map[string]string{
	"name": "name", "host": "name", "hostname": "name", "host_name": "name", "inventory_hostname": "name",
	"addr": "addr", "address": "addr", "ip": "addr", "ip_address": "addr", "ansible_host": "addr", "fqdn": "addr",
	"port": "port", "ssh_port": "port", "user": "user", "login": "user", "jump": "jump", "bastion": "jump", "become": "become",
	"site": "site", "location": "site", "datacenter": "site", "dc": "site", "rack": "rack", "cabinet": "rack",
	"unit": "unit", "u": "unit", "position": "unit", "height": "height", "u_height": "height", "face": "face",
	"tags": "tags", "tag": "tags", "groups": "tags", "role": "tags", "os": "os", "platform": "os", "owner": "owner", "contact": "owner",
	"window": "window", "prod": "prod", "production": "prod",
}

// CSV reads a table whose first line names its columns; they are separated by commas, semicolons or tabs. Hosts that name no site are
// of the given one.
func CSV(file string, data []byte, site string) (*Found, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	f := &Found{Source: "the table " + file}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.TrimLeadingSpace, r.Comment = separator(data), true, '#'
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, wrong(file, 0, "the first line names the columns: name,addr,site,rack,unit,tags", "the table is empty")
	}
	if err != nil {
		return nil, csvWrong(file, err)
	}
	keys, err := f.header(file, head)
	if err != nil {
		return nil, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return f, f.settle(file, site)
		}
		if err != nil {
			return nil, csvWrong(file, err)
		}
		line, _ := r.FieldPos(0)
		if len(row) > len(keys) {
			return nil, wrong(file, line, "quote a value that holds the separator", "%d values under %d columns", len(row), len(keys))
		}
		if err := f.row(file, line, keys, row); err != nil {
			return nil, err
		}
	}
}

func csvWrong(file string, err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return wrong(file, p.Line, "", "%v", p.Err)
	}
	return wrong(file, 0, "", "%v", err)
}

// separator is the one that the first line has most of.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best, n := ',', bytes.Count(first, []byte(","))
	for _, c := range []rune{';', '\t'} {
		if k := bytes.Count(first, []byte(string(c))); k > n {
			best, n = c, k
		}
	}
	return best
}

func (f *Found) header(file string, head []string) ([]string, error) {
	keys := make([]string, len(head))
	for i, h := range head {
		typed := strings.TrimSpace(h)
		keys[i] = columns[strings.ReplaceAll(strings.ToLower(typed), " ", "_")]
		switch {
		case keys[i] == "":
			f.leave(file, 1, "column %q", typed)
		case keys[i] != "tags" && slices.Contains(keys[:i], keys[i]):
			return nil, wrong(file, 1, "leave one of them out", "column %q says once more what %q is", typed, keys[i])
		}
	}
	if !slices.Contains(keys, "name") {
		return nil, wrong(file, 1, "the first line names the columns: name,addr,site,rack,unit,tags", "no column is called name or hostname")
	}
	return keys, nil
}

func (f *Found) row(file string, line int, keys, row []string) error {
	h := Host{Line: line}
	for i, v := range row {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		if err := f.cell(file, &h, keys[i], v); err != nil {
			return err
		}
	}
	if h.Name == "" {
		f.leave(file, line, "a line without a name")
		return nil
	}
	f.Hosts = append(f.Hosts, h)
	return nil
}

func (f *Found) cell(file string, h *Host, key, v string) error {
	texts := map[string]*string{"name": &h.Name, "addr": &h.Addr, "user": &h.User, "become": &h.Become, "site": &h.Site,
		"rack": &h.Rack, "face": &h.Face, "os": &h.OS, "owner": &h.Owner, "window": &h.Window}
	numbers := map[string]*int{"port": &h.Port, "unit": &h.Unit, "height": &h.Height}
	if p := texts[key]; p != nil {
		*p = v
	}
	if p := numbers[key]; p != nil {
		n, err := strconv.Atoi(strings.TrimSuffix(v, ".0"))
		if err != nil || n < 0 {
			return wrong(file, h.Line, "write a whole number, or nothing", "%s is %q", key, v)
		}
		*p = n
	}
	words := strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(" ,;|", r) })
	switch key {
	case "tags":
		h.Tags = append(h.Tags, words...)
	case "jump":
		h.Jump = words
	case "prod":
		h.Prod = slices.Contains([]string{"yes", "true", "1", "x", "prod"}, strings.ToLower(v))
	}
	return nil
}
