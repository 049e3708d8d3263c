package imports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

type named struct {
	Name    string `json:"name"`
	Slug    string `json:"slug"`
	Display string `json:"display"`
}

// device is a device or a virtual machine, as NetBox's REST interface has it (/api/dcim/devices/, /api/virtualization/virtual-machines/).
type device struct {
	ID        int      `json:"id"`
	Name      *string  `json:"name"`
	Site      *named   `json:"site"`
	Rack      *named   `json:"rack"`
	Position  *float64 `json:"position"`
	Face      *choice  `json:"face"`
	Status    *choice  `json:"status"`
	Role      *named   `json:"role"`
	OldRole   *named   `json:"device_role"` // before NetBox 3.6
	Platform  *named   `json:"platform"`
	Tenant    *named   `json:"tenant"`
	Cluster   *named   `json:"cluster"`
	Tags      []named  `json:"tags"`
	PrimaryIP *struct {
		Address string `json:"address"`
	} `json:"primary_ip"`
	Type *struct {
		Height    *float64 `json:"u_height"`
		FullDepth *bool    `json:"is_full_depth"`
	} `json:"device_type"`
	Custom map[string]json.RawMessage `json:"custom_fields"`
}

// choice is {"value": "front", "label": "Front"}; very old versions give a number, which says nothing here.
type choice struct {
	Value any `json:"value"`
}

func (c *choice) text() string {
	if c == nil {
		return ""
	}
	s, _ := c.Value.(string)
	return s
}

type page struct {
	Next    string   `json:"next"`
	Results []device `json:"results"`
}

// NetBox reads pages of devices or virtual machines from a file: one page as the REST interface gives it, several one after the
// other, or an array of devices.
func NetBox(file string, data []byte, site string) (*Found, error) {
	f := &Found{Source: "NetBox, " + file, Titles: map[string]string{}}
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		start := dec.InputOffset()
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, jsonWrong(file, data, err)
		}
		p, err := readPage(raw)
		if err != nil {
			line := 1 + bytes.Count(data[:start], []byte("\n"))
			return nil, wrong(file, line, "give what /api/dcim/devices/ answers", "%v", err)
		}
		if p.Next != "" && !dec.More() {
			f.leave(file, 0, "further pages: the file ends where %s should follow", p.Next)
		}
		f.devices(file, p.Results)
	}
	return f, f.settle(file, site)
}

func readPage(raw json.RawMessage) (page, error) {
	var p page
	if raw[0] == '[' {
		return p, json.Unmarshal(raw, &p.Results)
	}
	var has map[string]json.RawMessage
	if err := json.Unmarshal(raw, &has); err != nil {
		return p, err
	}
	if has["results"] == nil {
		if has["detail"] != nil {
			return p, fmt.Errorf("NetBox says %s", has["detail"])
		}
		return p, errors.New("there is no list of results in it")
	}
	return p, json.Unmarshal(raw, &p)
}

// refusal is an answer other than 200.
type refusal struct {
	code           int
	status, detail string
}

func (r *refusal) Error() string {
	if r.detail != "" {
		return "it answered " + r.status + ": " + r.detail
	}
	return "it answered " + r.status
}

// detail is what NetBox says about its refusal, in one line.
func detail(data []byte) string {
	var says struct{ Detail string }
	if json.Unmarshal(data, &says) != nil {
		return ""
	}
	return strings.Join(strings.Fields(says.Detail), " ")
}

// netboxHint is what to do about a page that did not come.
func netboxHint(err error) string {
	var r *refusal
	switch {
	case !errors.As(err, &r):
		return "fetch /api/dcim/devices/ yourself, and give the file"
	case r.code == http.StatusUnauthorized || r.code == http.StatusForbidden:
		return "$NETBOX_TOKEN holds the token, and it must be allowed to view devices"
	case r.code == http.StatusNotFound:
		return "give the address that the browser shows NetBox's first page at"
	}
	return "try again when the server is well; its own log says more"
}

// maxPages ends a server's answers that never end.
const maxPages = 10_000

// NetBoxURL asks a NetBox, page by page. A bare address means its devices. The token goes to that server alone, and only over TLS or
// to this machine itself.
func NetBoxURL(ctx context.Context, client *http.Client, address, token, site string) (*Found, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, wrong("", 0, "write https://netbox.example.net", "%q is no address of a NetBox", address)
	}
	if u.User != nil {
		return nil, wrong("", 0, "put a token into $NETBOX_TOKEN", "an address with a password in it is not used")
	}
	if token != "" && u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, wrong("", 0, "use https", "the token is not sent to %s in the clear", u.Host)
	}
	if !strings.Contains(u.Path, "/api/") {
		u.Path = strings.TrimSuffix(u.Path, "/") + "/api/dcim/devices/"
		q := u.Query() // a filter that was given stays
		if !q.Has("limit") {
			q.Set("limit", "500")
		}
		u.RawQuery = q.Encode()
	}
	f := &Found{Source: "NetBox, " + u.String(), Titles: map[string]string{}}
	asked := map[string]bool{}
	for next := u; next != nil; {
		if asked[next.String()] || len(asked) > maxPages {
			return nil, wrong(u.String(), 0, "fetch them yourself, and give the file", "its pages go in a circle: %s came twice", next)
		}
		asked[next.String()] = true
		p, err := get(ctx, client, next, token)
		if err != nil {
			return nil, wrong(next.String(), 0, netboxHint(err), "%v", err)
		}
		f.devices("", p.Results)
		if next, err = following(u, p.Next); err != nil {
			return nil, err
		}
	}
	return f, f.settle(address, site)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// following is the next page's address; one on another server is refused, since the token would go there.
func following(first *url.URL, next string) (*url.URL, error) {
	if next == "" {
		return nil, nil
	}
	n, err := url.Parse(next)
	if err != nil {
		return nil, wrong(first.String(), 0, "fetch the pages yourself, and give the file", "its next page %q is no address", next)
	}
	n = first.ResolveReference(n)
	if n.Host != first.Host {
		return nil, wrong(first.String(), 0, "ask that server itself", "its next page is on another server, %s", n.Host)
	}
	n.Scheme = first.Scheme // behind a proxy that ends TLS, NetBox says http
	return n, nil
}

func get(ctx context.Context, client *http.Client, u *url.URL, token string) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return page{}, err
	}
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set("Authorization", scheme(token)+" "+token)
	}
	c := *client
	c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		return fmt.Errorf("it sends us on to %s: ask there", r.URL.Redacted())
	}
	res, err := c.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return page{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxFile))
	if err != nil {
		return page{}, err
	}
	if res.StatusCode != http.StatusOK {
		return page{}, &refusal{res.StatusCode, res.Status, detail(data)}
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return page{}, fmt.Errorf("it answered no JSON: %w", err)
	}
	return readPage(raw)
}

// scheme is what a token is sent as: since NetBox 4.5 one that begins with nbt_ is a bearer's (REST API, Authentication).
func scheme(token string) string {
	if strings.HasPrefix(token, "nbt_") {
		return "Bearer"
	}
	return "Token"
}

func (f *Found) devices(file string, all []device) {
	for i := range all {
		f.device(file, &all[i])
	}
}

func (f *Found) device(file string, d *device) {
	if d.Name == nil || *d.Name == "" {
		f.leave(file, 0, "devices without a name")
		return
	}
	if s := d.Status.text(); slices.Contains([]string{"planned", "inventory", "decommissioning"}, s) {
		f.leave(file, 0, "devices that are %s", s)
		return
	}
	h := Host{Name: *d.Name}
	if d.PrimaryIP != nil {
		h.Addr, _, _ = strings.Cut(d.PrimaryIP.Address, "/")
	} else {
		f.leave(file, 0, "devices without a primary address are reached by their names")
	}
	if d.Site != nil {
		h.Site = slug(d.Site)
		f.Titles[name(h.Site)] = d.Site.Name
	}
	f.rackOf(file, d, &h)
	for _, n := range []*named{d.Role, d.OldRole, d.Cluster} {
		if n != nil {
			h.Tags = append(h.Tags, slug(n))
		}
	}
	for i := range d.Tags {
		h.Tags = append(h.Tags, slug(&d.Tags[i]))
	}
	if d.Platform != nil {
		h.OS = slug(d.Platform)
	}
	if d.Tenant != nil {
		h.Owner = d.Tenant.Name
	}
	for k, v := range sorted(d.Custom) {
		if string(v) != "null" {
			f.leave(file, 0, "custom field %s", k)
		}
	}
	f.Hosts = append(f.Hosts, h)
}

func (f *Found) rackOf(file string, d *device, h *Host) {
	if d.Rack == nil {
		return
	}
	if h.Rack = d.Rack.Name; h.Rack == "" {
		h.Rack = d.Rack.Display
	}
	if d.Position == nil {
		return
	}
	if *d.Position != float64(int(*d.Position)) || *d.Position < 1 {
		f.leave(file, 0, "the position %s of %s: only whole units", strconv.FormatFloat(*d.Position, 'f', -1, 64), h.Name)
		return
	}
	h.Unit = int(*d.Position)
	if t := d.Type; t != nil {
		if t.Height != nil {
			h.Height = int(*t.Height + 0.5)
		}
		if t.FullDepth != nil && !*t.FullDepth {
			h.Face = d.Face.text()
		}
	}
}

func slug(n *named) string {
	if n.Slug != "" {
		return n.Slug
	}
	return n.Name
}
