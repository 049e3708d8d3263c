package machine

import (
	"fmt"

	"tend/lab/vfs"
)

// sysfs places /sys: what health and facts look at.
func sysfs(t *vfs.Tree) {
	t.Dir("/sys/block", 0o755).Dyn = blockDir{}
	t.Dir("/sys/class/hwmon", 0o755).Dyn = hwmonDir{}
	t.Dir("/sys/devices/system/edac/mc", 0o755).Dyn = edacDir{}
	t.Dir("/sys/fs/cgroup", 0o755)
	dmi := func(name string, fn func(h *Host) string) {
		mode := uint16(0o444)
		if name == "product_serial" {
			mode = 0o400
		}
		t.Generated("/sys/class/dmi/id/"+name, mode, func(x any) []byte { return []byte(fn(x.(*Host)) + "\n") })
	}
	dmi("sys_vendor", func(h *Host) string { return h.hardware()[0] })
	dmi("product_name", func(h *Host) string { return h.hardware()[1] })
	dmi("product_serial", func(h *Host) string { return fmt.Sprintf("LAB%07X", h.seed%0xfffffff) })
	dmi("bios_version", func(h *Host) string { return h.hardware()[2] })
}

func (h *Host) hardware() [3]string {
	if h.T.Virtual {
		return [3]string{"QEMU", "Standard PC (Q35 + ICH9, 2009)", "1.16.2-debian-1.16.2-1"}
	}
	return [][3]string{{"Dell Inc.", "PowerEdge R650xs", "1.16.2"}, {"HPE", "ProLiant DL360 Gen10 Plus", "U46"}, {"Supermicro", "SYS-120C-TN10R", "2.1"}}[h.seed%3]
}

func leaf(text string) *vfs.Node {
	return &vfs.Node{Kind: vfs.Regular, Mode: 0o444, Gen: func(any) []byte { return []byte(text + "\n") }}
}

// blockDir lists the disks of a physical machine; a virtual one has virtio disks.
type blockDir struct{}

func (blockDir) Names(x any) []string { return x.(*Host).disks() }

func (blockDir) Entry(x any, _ vfs.Cred, name string) *vfs.Node {
	for _, d := range x.(*Host).disks() {
		if d == name {
			return vfs.Dir(map[string]*vfs.Node{"size": leaf("976773168"), "removable": leaf("0")})
		}
	}
	return nil
}

func (h *Host) disks() []string {
	switch {
	case h.D.Family == "freebsd":
		return []string{"ada0", "ada1"}
	case h.T.Virtual:
		return []string{"vda"}
	case h.T.Mirror:
		return []string{"sda", "sdb"}
	}
	return []string{"sda"}
}

// hwmonDir has the temperatures and fans of a physical machine.
type hwmonDir struct{}

func (hwmonDir) Names(x any) []string {
	if x.(*Host).T.Virtual {
		return nil
	}
	return []string{"hwmon0", "hwmon1"}
}

func (hwmonDir) Entry(x any, _ vfs.Cred, name string) *vfs.Node {
	h := x.(*Host)
	if h.T.Virtual {
		return nil
	}
	temp := 38 + int(h.seed%22)
	if h.T.Hot {
		temp = 96
	}
	switch name {
	case "hwmon0":
		return vfs.Dir(map[string]*vfs.Node{"name": leaf("coretemp"), "temp1_label": leaf("Package id 0"), "temp1_input": leaf(fmt.Sprint(temp * 1000)),
			"temp1_max": leaf("87000"), "temp1_crit": leaf("97000"), "temp2_input": leaf(fmt.Sprint((temp - 3) * 1000)), "temp2_crit": leaf("97000")})
	case "hwmon1":
		return vfs.Dir(map[string]*vfs.Node{"name": leaf("nct6798"), "fan1_input": leaf(fmt.Sprint(5200 + h.seed%900)), "fan1_min": leaf("800"),
			"fan2_input": leaf(fmt.Sprint(5100 + h.seed%700)), "fan2_min": leaf("800")})
	}
	return nil
}

// edacDir counts memory errors.
type edacDir struct{}

func (edacDir) Names(x any) []string {
	if x.(*Host).T.Virtual {
		return nil
	}
	return []string{"mc0"}
}

func (edacDir) Entry(x any, _ vfs.Cred, name string) *vfs.Node {
	h := x.(*Host)
	if h.T.Virtual || name != "mc0" {
		return nil
	}
	ce := 0
	if h.dice("ecc").Float64() < 0.01 {
		ce = 14
	}
	return vfs.Dir(map[string]*vfs.Node{"ce_count": leaf(fmt.Sprint(ce)), "ue_count": leaf("0"), "mc_name": leaf("Skylake Socket#0 IMC#0")})
}
