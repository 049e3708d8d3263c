// Package report answers WHAT IS HANDED OVER AFTER A RUN: what was planned, what was done to each host, who decided what, what failed
// and what it said, as Markdown, as HTML, as JSON and as JUnit XML.
//
// Its law (law 7 of the house): a report is made of foreign words, and none of them acts. Whatever a host, a file or a person wrote goes
// through quote and through the escapes of the format before it stands in a report; a report asks nothing of any network. It is a fold
// of the journal's events and of nothing else, and where the record has a hole it says so.
package report
