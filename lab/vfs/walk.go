package vfs

import "strings"

const maxLinks = 40 // as Linux's MAXSYMLINKS

// step is one node on the way from the root, with the name it was reached by.
type step struct {
	name string
	node *Node
}

// Clean makes path absolute against cwd without looking at any file; ".." stays where a symlink could matter, so this is for
// showing, not for opening.
func Clean(cwd, path string) string {
	if !strings.HasPrefix(path, "/") {
		path = cwd + "/" + path
	}
	var out []string
	for _, c := range strings.Split(path, "/") {
		switch c {
		case "", ".":
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
		default:
			out = append(out, c)
		}
	}
	return "/" + strings.Join(out, "/")
}

// walk resolves path for c. The chain starts at the root. Where the last component does not exist, chain ends at its parent,
// missing is its name and err is ENOENT. follow says whether a final symlink is followed.
func (f *FS) walk(c Cred, cwd, path string, follow bool) (chain []step, missing string, err error) {
	if path == "" {
		return nil, "", ENOENT
	}
	chain = make([]step, 1, 8)
	chain[0] = step{"/", f.root}
	if !strings.HasPrefix(path, "/") {
		path = cwd + "/" + path
	}
	links, slash := 0, strings.HasSuffix(path, "/")
	for rest := path; rest != ""; {
		var comp string
		comp, rest, _ = strings.Cut(rest, "/")
		if comp == "" || comp == "." {
			continue
		}
		dir := chain[len(chain)-1].node
		if dir.Kind != Directory {
			return nil, "", ENOTDIR
		}
		if comp == ".." {
			if len(chain) > 1 {
				chain = chain[:len(chain)-1]
			}
			continue
		}
		if !dir.may(c, 1) {
			return nil, "", EACCES
		}
		if len(comp) > 255 {
			return nil, "", ENAMETOOLONG
		}
		n, ok := f.entry(c, dir, comp)
		last := strings.Trim(rest, "/") == ""
		if !ok {
			if last {
				return chain, comp, ENOENT
			}
			return nil, "", ENOENT
		}
		if n.Kind == Symlink && (!last || follow || slash) {
			if links++; links > maxLinks {
				return nil, "", ELOOP
			}
			rest = n.Target + "/" + rest
			if strings.HasPrefix(rest, "/") {
				chain = chain[:1]
			}
			continue
		}
		chain = append(chain, step{comp, n})
	}
	if slash && chain[len(chain)-1].node.Kind != Directory {
		return nil, "", ENOTDIR
	}
	return chain, "", nil
}

// entry is a directory's entry of that name.
func (f *FS) entry(c Cred, dir *Node, name string) (*Node, bool) {
	n, ok := dir.kids[name]
	if !ok && dir.Dyn != nil {
		n = dir.Dyn.Entry(f.Host, c, name)
		ok = n != nil
	}
	return n, ok
}

// own makes every node of the chain writable by this file system, cloning what is shared, and returns the last.
func (f *FS) own(chain []step) *Node {
	for i := range chain {
		n := chain[i].node
		if n.owner == f {
			continue
		}
		n = n.clone(f)
		chain[i].node = n
		if i == 0 {
			f.root = n
		} else {
			chain[i-1].node.kids[chain[i].name] = n
		}
	}
	return chain[len(chain)-1].node
}

// pathOf is the absolute path of a chain.
func pathOf(chain []step) string {
	if len(chain) == 1 {
		return "/"
	}
	var b strings.Builder
	for _, s := range chain[1:] {
		b.WriteByte('/')
		b.WriteString(s.name)
	}
	return b.String()
}
