package inventory

// This file and its neighbours toml_*.go read TOML into a tree that knows where everything stands. BurntSushi/toml, which the
// runbooks use, keeps no positions of keys and needs 80 ms for 10,000 explicit hosts on the project's machine; the whole of Parse
// must take less than 100 ms and must point at the column. The reader follows TOML 1.1, and the tests hold it against BurntSushi/toml
// and its copy of the toml-test suite.

// kind is what sort of TOML value a node is.
type kind uint8

const (
	kindString kind = iota
	kindInt
	kindFloat
	kindBool
	kindDateTime // with an offset
	kindLocalDateTime
	kindLocalDate
	kindLocalTime
	kindArray
	kindTable
)

// String names the kind for a message.
func (k kind) String() string {
	return [...]string{"a string", "an integer", "a float", "a boolean", "a date with time", "a local date with time",
		"a date", "a time", "an array", "a table"}[k]
}

// origin is how a table or an array came about; it decides who may add to it (TOML 1.1, "Table" and "Array of Tables").
type origin uint8

const (
	byValue  origin = iota // written as a value: closed for ever
	byPrefix               // a table implied by a longer header, [a.b] for a
	byHeader               // a table or array named by a header of its own
	byDots                 // a table implied by a dotted key
)

// node is one value of a TOML text.
type node struct {
	kind   kind
	origin origin
	at     int32 // byte offset of the value; of the name in the header for a table that a header opened
	// text is a string's value; for any other scalar it is the source.
	text string
	num  int64 // of an integer
	*branch
}

// branch is what only tables and arrays have. It stands apart because most nodes are scalars.
type branch struct {
	keys  []entry
	index map[string]int32 // keys by name, once there are many
	items []*node
}

// entry is a key of a table, with the byte offset of the key.
type entry struct {
	key string
	at  int32
	val *node
}

// manyKeys is from how many keys on a table is searched by map.
const manyKeys = 16

// get returns the table's entry for key, or nil. The pointer holds until the next add.
func (n *node) get(key string) *entry {
	if n.index != nil {
		if i, ok := n.index[key]; ok {
			return &n.keys[i]
		}
		return nil
	}
	for i := range n.keys {
		if n.keys[i].key == key {
			return &n.keys[i]
		}
	}
	return nil
}

// add appends a key that the table does not have yet.
func (n *node) add(key string, at int32, val *node) {
	if n.keys == nil {
		n.keys = make([]entry, 0, 6)
	}
	n.keys = append(n.keys, entry{key, at, val})
	switch {
	case n.index != nil:
		n.index[key] = int32(len(n.keys) - 1)
	case len(n.keys) == manyKeys:
		n.index = make(map[string]int32, 4*manyKeys)
		for i := range n.keys {
			n.index[n.keys[i].key] = int32(i)
		}
	}
}

// isTables reports whether the node is an array made by [[headers]].
func (n *node) isTables() bool { return n.kind == kindArray && n.origin == byHeader }
