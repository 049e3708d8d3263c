package machine

import (
	"fmt"

	"tend/lab/kernel"
)

const nginxSound = "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n"

// configTest answers nginx -t and sshd -t on hosts that have such a unit. The lab's configurations are always sound, and its services
// are started by their units alone.
func configTest(program, says string, units ...string) hostProgram {
	return func(h *Host, p *kernel.Proc, args []string) int {
		known := h.unitList()
		for _, u := range units {
			if known[u] == "" {
				continue
			}
			if len(args) == 2 && args[1] == "-t" {
				fmt.Fprint(p.Stderr(), says)
				return 0
			}
			fmt.Fprintf(p.Stderr(), "%s: it is started by its unit\n", program)
			return 1
		}
		fmt.Fprintf(p.Stderr(), "sh: %s: not found\n", program)
		return 127
	}
}
