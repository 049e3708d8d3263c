package runbooks

// What a step tells about its host, it prints on standard output, a line each, among its ordinary output:
//
//	key=value                                   a fact; only keys that the step declares are taken
//	@check NAME STATE VALUE UNIT THRESHOLD TEXT a check, fields separated by one tab; STATE is OK, WARN, CRIT or UNKNOWN
//
// Everything else is output for people. A declared value that does not fit its type is not taken and is reported as a
// warning: unknown is not OK.
