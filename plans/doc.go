// Package plans answers WHEN AND WHY: maintenance plans, as files in git, resolved against inventory and runbooks; who approved them;
// what changed between two of them; and when the coming windows are.
//
// Its law (law 5 of the house, for the days before the run): what was approved is what runs. An approval is bound to the digest of
// the plan as resolved, with its scripts, hosts and limits, and is void as soon as that changes.
package plans
