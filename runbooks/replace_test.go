package runbooks

import (
	"os"
	"strings"
	"testing"
)

// TestReplaceDiskSaysNo: a disk whose loss would lose data, or that is in use by itself, is not touched.
func TestReplaceDiskSaysNo(t *testing.T) {
	detail := func(level, state, disk string) string {
		return "printf '%s\\n' '        Raid Level : " + level + "' '             State : " + state + "' '       0       8        1        0      " + disk + "'"
	}
	mdstat := "Personalities : [raid1]\nmd0 : active raid1 sdzz1[1] sdz1[0]\n      100 blocks [2/2] [UU]\n"
	for name, c := range map[string]struct {
		mdstat, mounts string
		tools          map[string]string
		want           map[string]string
	}{
		"whole mirror":         {mdstat, "", map[string]string{"mdadm": detail("raid1", "clean", "active sync   /dev/sdz1")}, map[string]string{"disk": "OK ABC123", "mounted": "OK", "redundant": "OK in md0"}},
		"degraded by it":       {mdstat, "", map[string]string{"mdadm": detail("raid1", "clean, degraded", "faulty   /dev/sdz1")}, map[string]string{"redundant": "OK degraded by this very disk"}},
		"degraded by another":  {mdstat, "", map[string]string{"mdadm": detail("raid1", "clean, degraded", "active sync   /dev/sdz1")}, map[string]string{"redundant": "CRIT not by this disk"}},
		"degraded by sdzz":     {mdstat, "", map[string]string{"mdadm": detail("raid1", "clean, degraded", "faulty   /dev/sdzz1")}, map[string]string{"redundant": "CRIT not by this disk"}},
		"sdzz is mounted":      {"", "/dev/sdzz2 /srv ext4 rw 0 0\n", nil, map[string]string{"mounted": "OK"}},
		"striped":              {mdstat, "", map[string]string{"mdadm": detail("raid0", "clean", "active sync   /dev/sdz1")}, map[string]string{"redundant": "CRIT data is lost"}},
		"mounted":              {"", "/dev/sdz2 /srv ext4 rw 0 0\n", nil, map[string]string{"mounted": "CRIT /srv", "redundant": "OK in no array"}},
		"another one's prefix": {"", "/dev/sda1 /srv ext4 rw 0 0\n", nil, map[string]string{"mounted": "OK"}},
		"mirror of a pool":     {"", "", map[string]string{"zpool": "printf '  pool: tank\\n state: ONLINE\\n\\tmirror-0\\n\\t  sdz ONLINE\\n'"}, map[string]string{"redundant": "OK in the pool tank"}},
		"lone disk of a pool":  {"", "", map[string]string{"zpool": "printf '  pool: tank\\n state: ONLINE\\n\\t  sdz ONLINE\\n'"}, map[string]string{"redundant": "CRIT no redundancy"}},
	} {
		for shell, argv := range shells(t) {
			t.Run(name+"/"+shell, func(t *testing.T) {
				dir := t.TempDir()
				write(t, dir+"/mdstat", c.mdstat)
				write(t, dir+"/mounts", c.mounts)
				tools := map[string]string{"lsblk": "echo ABC123"}
				for k, v := range c.tools {
					tools[k] = v
				}
				facts, _ := stepFacts(t, argv, "replace-disk", "identify", map[string]string{"disk": "sdz"}, tools,
					`[ -e "/dev/$disk" ]`, "true", "/proc/mdstat", dir+"/mdstat", "/proc/mounts", dir+"/mounts")
				wants(t, facts, c.want)
			})
		}
	}
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "replace-disk", "identify", map[string]string{"disk": "sdnone"}, map[string]string{"dmesg": ""})
	wants(t, facts, map[string]string{"disk": "CRIT there is no /dev/sdnone"})
}

// TestNewDiskIsJudged: by its own verdict, in its own words; where smartctl could not look, as behind some controllers, there is none.
func TestNewDiskIsJudged(t *testing.T) {
	const head = "smartctl 7.4 2023-08-01 r5530 (local build)\nCopyright (C) 2002-23\n\n"
	for name, c := range map[string]struct{ out, exit, want string }{
		"well":          {head + "SMART overall-health self-assessment test result: PASSED\n", "0", "OK passed"},
		"failing":       {head + "SMART overall-health self-assessment test result: FAILED!\nDrive failure expected in less than 24 hours.\n", "24", "CRIT SMART overall-health self-assessment test result: FAILED!"},
		"failing, SCSI": {head + "SMART Health Status: FIRMWARE IMPENDING FAILURE [asc=5d, ascq=14]\n", "8", "CRIT SMART Health Status: FIRMWARE"},
		"not looked":    {head + "/dev/sdz: requires option '-d cciss,N'\nPlease specify device type with the -d option.\n", "1", "UNKNOWN Please specify"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir+"/replaced-disk", "OLD1\n")
			write(t, dir+"/said", c.out)
			facts, _ := stepFacts(t, []string{"/bin/sh"}, "replace-disk", "check", map[string]string{"disk": "sdz"}, map[string]string{"lsblk": "echo NEW1", "smartctl": "cat " + dir + "/said; exit " + c.exit},
				`[ -e "/dev/$disk" ]`, "true", "/var/lib/tend", dir, "/sys/class/scsi_host", dir)
			wants(t, facts, map[string]string{"disk": "OK it was OLD1", "smart": c.want})
			if n := len(facts["smart"].Text); n > 90 {
				t.Errorf("%d characters are no line: %q", n, facts["smart"].Text)
			}
		})
	}
}

// TestOnlyThisDiskIsTakenOut: of an array with sdz and sdzz in it, the one that was named is failed and removed, and no other.
func TestOnlyThisDiskIsTakenOut(t *testing.T) {
	dir, path := fakes(t, map[string]string{"lsblk": "echo ABC123", "mdadm": `case $1 in
--detail) printf '%s\n' '/dev/md0:' '       0       8        1        0      active sync   /dev/sdzz1' '       1       8        2        1      active sync   /dev/sdz1' ;;
*) echo "$*" >>"${0%/*}/log" ;;
esac`})
	write(t, dir+"/mdstat", "md0 : active raid1 sdzz1[1] sdz1[0]\n")
	for name, argv := range shells(t) {
		script := strings.NewReplacer("/proc/mdstat", dir+"/mdstat", "/var/lib/tend", dir).Replace(scriptOf(t, planFor(t, builtin(t, "replace-disk"), map[string]string{"disk": "sdz"}), "detach"))
		if _, stderr, exit := run(t, argv, script, path); exit != 0 {
			t.Errorf("%s: exit %d, %s", name, exit, stderr)
		}
		log, _ := os.ReadFile(dir + "/log")
		if want := "--manage /dev/md0 --fail /dev/sdz1\n--manage /dev/md0 --remove /dev/sdz1\n"; string(log) != want {
			t.Errorf("%s: mdadm was run with\n%swant\n%s", name, log, want)
		}
		os.Remove(dir + "/log")
		out, _, _ := run(t, argv, lib("printf '%s\\n' nvme1n1 /dev/nvme1n1p2 nvme1n10 nvme1n1p nvme1n12 nvme1n1px | tend_parts_of nvme1n1"))
		if out != "nvme1n1\n/dev/nvme1n1p2\n" {
			t.Errorf("%s: %q", name, out)
		}
	}
}

func TestDecommissionSeesWhoIsThere(t *testing.T) {
	ss := `case $1 in -Hltn) echo "LISTEN 0 1 0.0.0.0:50051 0.0.0.0:*" ;; *) [ ! -e "${0%/*}/far" ] || echo "0 0 192.0.2.5:50051 198.51.100.6:51240"; printf '%s\n' "0 0 192.0.2.5:443 198.51.100.7:51234" "0 0 192.0.2.5:22 198.51.100.8:51235" "0 0 127.0.0.1:5432 127.0.0.1:51236" "0 0 192.0.2.5:51237 198.51.100.9:443" ;; esac`
	for _, argv := range shells(t) {
		facts, _ := stepFacts(t, argv, "decommission", "depends", nil, map[string]string{"ss": ss, "who": "echo ops pts/0"})
		wants(t, facts, map[string]string{"connections": "CRIT 443<-198.51.100.7", "people": "WARN ops"})
		if strings.Contains(facts["connections"].Text, "198.51.100.8") || facts["connections"].Value != "1" {
			t.Errorf("%+v", facts["connections"])
		}
		facts, _ = stepFacts(t, argv, "decommission", "depends", nil, map[string]string{"ss": strings.Replace(ss, `[ ! -e "${0%/*}/far" ] ||`, "", 1), "who": ""})
		wants(t, facts, map[string]string{"connections": "CRIT 50051<-198.51.100.6 443<-198.51.100.7"})
		facts, _ = stepFacts(t, argv, "decommission", "depends", nil, map[string]string{"ss": "", "who": ""})
		wants(t, facts, map[string]string{"connections": "OK nobody", "people": "OK"})
	}
}

func TestRestoreDrill(t *testing.T) {
	const mount = `f() { printf '/dev/loop0 %s ext4 rw 0 0\n' "$1" | sed 's/a b/a\\040b/' >>"${target%/*}/../mounts"; }; f `
	for name, c := range map[string]struct {
		restore, check, rto string
		want                map[string]string
		fails               bool
	}{
		"well":         {`echo data >"$target/a b"`, `grep -q data "$target/a b"`, "1h", map[string]string{"restore": "OK", "rto": "OK"}, false},
		"no restore":   {"exit 3", "true", "1h", map[string]string{"restore": "CRIT ended with 3"}, true},
		"not complete": {"true", `[ -e "$target/a" ]`, "1h", map[string]string{"restore": "CRIT the check ended with 1"}, true},
		"too slow":     {"sleep 1", "true", "0s", map[string]string{"restore": "OK", "rto": "CRIT"}, true},
		"mounted":      {`mkdir "$target/a b"; ` + mount + `"$target/a b"`, "true", "1h", map[string]string{"restore": "OK", "rto": "OK", "scratch": "CRIT mounted within:"}, true},
		"mounted on":   {mount + `"$target"`, "true", "1h", map[string]string{"scratch": "CRIT unmount it"}, true},
		"unmounted":    {mount + `"$target"`, `: >"${target%/*}/../mounts"; ` + mount + `"${target%?}"`, "1h", map[string]string{"scratch": "OK removed"}, false},
	} {
		for shell, argv := range shells(t) {
			t.Run(name+"/"+shell, func(t *testing.T) {
				base := t.TempDir()
				dir := base + "/where"
				write(t, base+"/mounts", "/dev/sda1 / ext4 rw 0 0\n")
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				params := map[string]string{"restore": c.restore, "check": c.check, "rto": c.rto, "where": dir, "need_mb": "1"}
				facts, exit := stepFacts(t, argv, "restore-drill", "drill", params, nil, "/proc/mounts", base+"/mounts")
				wants(t, facts, c.want)
				if left, err := os.ReadDir(dir); err != nil || (len(left) != 0) != (facts["scratch"].State == CheckCrit) || (exit != 0) != c.fails {
					t.Errorf("exit %d, left behind: %v (%v)", exit, left, err)
				}
				facts, _ = stepFacts(t, argv, "restore-drill", "room", params, nil)
				wants(t, facts, map[string]string{"room": "OK"})
			})
		}
	}
	dir := t.TempDir()
	params := map[string]string{"restore": `echo data >"$target/a"`, "check": "true", "where": dir, "need_mb": "999999999", "keep": "yes"}
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "restore-drill", "room", params, nil)
	wants(t, facts, map[string]string{"room": "CRIT MiB free 999999999"})
	stepFacts(t, []string{"/bin/sh"}, "restore-drill", "drill", params, nil)
	if kept, err := os.ReadDir(dir); err != nil || len(kept) != 1 {
		t.Errorf("what is to be kept: %v (%v)", kept, err)
	}
	params["where"] = dir + "/none"
	facts, _ = stepFacts(t, []string{"/bin/sh"}, "restore-drill", "room", params, nil)
	wants(t, facts, map[string]string{"room": "CRIT is not there"})
}
