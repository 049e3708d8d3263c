// Package imports answers WHERE, ACCORDING TO OTHERS: it reads what another tool knows of machines (Ansible inventories, ssh_config,
// NetBox, CSV) and writes it as an inventory.
//
// Its law: nothing is dropped in silence and nothing is made up. What cannot be carried over is listed, once each, with its line; a
// value that might be a secret is never read out; nothing that a source names is executed; and what is written passes the
// inventory's own check before anyone sees it.
package imports
