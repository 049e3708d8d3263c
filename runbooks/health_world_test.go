package runbooks

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// illFiles is what /proc and /sys of a sick bare-metal machine hold, as head(1) prints several files. Formats: proc(5), the kernel's
// Documentation/accounting/psi.rst, md(4), Documentation/hwmon/sysfs-interface.rst, Documentation/admin-guide/RAS.
const illFiles = `==> /proc/loadavg <==
30.00 24.00 20.00 9/812 4711

==> /proc/meminfo <==
MemTotal:       16000000 kB
MemFree:          100000 kB
MemAvailable:     480000 kB

==> /proc/pressure/cpu <==
some avg10=99.00 avg60=97.50 avg300=50.00 total=1
full avg10=0.00 avg60=0.00 avg300=0.00 total=0

==> /proc/pressure/memory <==
some avg10=0.00 avg60=99.00 avg300=0.00 total=0
full avg10=0.00 avg60=41.00 avg300=0.00 total=0

==> /proc/vmstat <==
nr_free_pages 1
oom_kill 3

==> /proc/mdstat <==
Personalities : [raid1] [raid6] [raid5] [raid4]
md0 : active raid1 sdb1[1](F) sda1[0]
      104320 blocks super 1.2 [2/1] [U_]

md1 : active raid5 sdc1[3] sdb1[1] sda1[0]
      209584128 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/3] [UUU]
      [=>...................]  recovery =  5.1% (5353984/104792064) finish=9.4min speed=175000K/sec

md2 : active raid1 sdd1[1] sde1[0]
      104320 blocks super 1.2 [2/2] [UU]

unused devices: <none>

==> /proc/mounts <==
/dev/sda1 / ext4 rw,relatime 0 0
/dev/sda2 /var ext4 ro,relatime,errors=remount-ro 0 0
/dev/sda3 /mnt/iso\040copy ext4 ro,relatime 0 0

==> /etc/fstab <==
# a comment
UUID=1 / ext4 defaults 0 1
UUID=2 /var ext4 errors=remount-ro 0 2
UUID=3 /srv xfs defaults 0 2
UUID=4 /mnt/usb vfat noauto,user 0 0
UUID=5 none swap sw 0 0

==> /sys/devices/system/edac/mc/mc0/ce_count <==
12

==> /sys/devices/system/edac/mc/mc0/ue_count <==
1

==> /sys/class/hwmon/hwmon0/temp1_input <==
97000

==> /sys/class/hwmon/hwmon0/temp1_crit <==
100000

==> /sys/class/hwmon/hwmon1/fan1_input <==
0

==> /sys/class/hwmon/hwmon1/fan1_min <==
600
`

// wellFiles is the same of a machine that nothing is wrong with, without sensors, md or pressure information.
const wellFiles = `==> /proc/loadavg <==
0.10 0.20 0.30 1/100 99

==> /proc/meminfo <==
MemTotal:       16000000 kB
MemAvailable:   15000000 kB

==> /proc/vmstat <==
oom_kill 0

==> /proc/mdstat <==
Personalities :
unused devices: <none>

==> /proc/mounts <==
/dev/vda1 / ext4 rw,relatime 0 0

==> /etc/fstab <==
UUID=1 / ext4 defaults 0 1
`

func quoted(s string) string { return "cat <<'END'\n" + s + "END\n" }

// healthWorld puts fakes around the script: files, the answers of tools, and a systemd that the script finds at dir.
func healthWorld(t *testing.T, argv []string, files string, params map[string]string, tools map[string]string) map[string]Fact {
	t.Helper()
	world := map[string]string{
		"uname": "echo Linux", "nproc": "echo 4", "head": quoted(files), "id": `[ "$1" = -u ] && echo 1000 || echo users`, "grep": "exit 1", "chronyc": "exit 1",
		"timedatectl": "echo yes", "systemctl": "exit 0", "journalctl": "exit 0", "ps": "printf 'Ss\\nR\\n'", "zpool": "exit 127",
		"df": `case $1 in -P*i*) echo "Filesystem Inodes IUsed IFree IUse% Mounted on";; *) echo "Filesystem Type 1024-blocks Used Available Capacity Mounted on";; esac`,
	}
	maps.Copy(world, tools)
	dir, path := fakes(t, world)
	if err := os.Mkdir(dir+"/systemd", 0o700); err != nil {
		t.Fatal(err)
	}
	plan := planFor(t, builtin(t, "health"), params)
	script := scriptOf(t, plan, "checks")
	script = strings.ReplaceAll(script, "[ -d /run/systemd/system ]", "[ -d "+dir+"/systemd ]")
	script = strings.ReplaceAll(script, "tend_container() {", "tend_container() { return 1;") // this machine may be one
	out, stderr, exit := run(t, argv, script, path)
	if exit != 0 || strings.Contains(stderr, "awk") {
		t.Fatalf("exit %d: %s", exit, stderr)
	}
	facts, warnings := ParseEmitted(stepOf(t, plan, "checks"), []byte(out))
	if len(warnings) > 0 {
		t.Errorf("%q", warnings)
	}
	byKey := map[string]Fact{}
	for _, f := range facts {
		byKey[f.Key] = f
	}
	return byKey
}

// wants compares states, and a piece of the value and text: "CRIT 97 1 GiB".
func wants(t *testing.T, facts map[string]Fact, checks map[string]string) {
	t.Helper()
	for key, want := range checks {
		f, ok := facts[key]
		state, rest, _ := strings.Cut(want, " ")
		if line := f.Value + " " + f.Unit + " " + f.Threshold + " " + f.Text; !ok || f.State.String() != state || !strings.Contains(line, rest) {
			t.Errorf("%s is %v %q, want %q; there are %v", key, f.State, line, want, slices.Sorted(maps.Keys(facts)))
		}
	}
}

const illDF = `case $1 in
-P*i*) printf '%s\n' "Filesystem Inodes IUsed IFree IUse% Mounted on" "/dev/sda1 100 96 4 96% /" "/dev/sda2 100 1 99 1% /var" "/dev/sdb1 0 0 0 - /btrfs" ;;
*) printf '%s\n' "Filesystem Type 1024-blocks Used Available Capacity Mounted on" "/dev/sda1 ext4 41943040 41943040 0 100% /" "/dev/sda2 ext4 1000 860 140 86% /var" \
	"/dev/sda2 ext4 1000 860 140 86% /var/again" "/dev/sda5 ext4 1000 850 150 85% /boot" "tmpfs tmpfs 10 10 0 100% /run" "/dev/sda6 xfs 1000 90 910 9% /srv/with space" \
	"overlay overlay 10 10 0 100% /o" "nas:/x nfs4 10 10 0 100% /nas" "/dev/sdb1 btrfs 1000 10 990 1% /btrfs" ;;
esac`
