// Package tend answers WHAT A NEWCOMER SEES FIRST: it carries the example inventory inside the binary.
//
// Its law: it holds files and no code, so that nothing can come to depend on it by accident.
package tend

import _ "embed"

// Example is inventory.toml, the lab's inventory and the documentation's example.
//
//go:embed inventory.toml
var Example []byte
