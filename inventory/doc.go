// Package inventory answers WHERE: which sites, racks, hosts, groups and services there are, and which of them a selector means.
//
// Its law: an inventory is either whole or refused. Parse reports every problem at once, each with its line, its column and what
// to do; nothing of a file with a problem in it is ever used.
package inventory
