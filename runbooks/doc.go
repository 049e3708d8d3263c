// Package runbooks answers WHAT: which steps a runbook has, with which parameters, and what exactly they will be on which hosts.
//
// Its law (law 5 of the house): what was shown is what runs. Resolve is pure, and a Plan holds every choice made: exact scripts,
// exact hosts, exact order and limits, under one digest that the operator approves.
package runbooks
