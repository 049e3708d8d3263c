package ssh

// HurryForTest makes c's waits between tries a thousand times shorter.
func HurryForTest(c *Client) { c.retry.pace = 1e-3 }

// MatchExecForTest runs the command of a Match exec with another limit.
var MatchExecForTest = matchExec
