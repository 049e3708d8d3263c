// Package vfs answers: what does a lab host have on its disk?
//
// The law it keeps: nothing here comes from, or goes to, the machine beneath. The package never imports os, and a test
// keeps it so. A file system is a tree of nodes; the base tree of a distribution is built once, shared by every host that
// runs it and never changed: a host that writes clones the nodes along the path first (path copying), so that ten thousand
// hosts which have written nothing cost one pointer each.
package vfs
