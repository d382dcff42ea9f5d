package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"balcao/assets/i18n/fonts"
	"balcao/cardreader"
	"balcao/cmd/internal/version"
	"balcao/kiosk"
	"balcao/kiosk/paper/printer"
)

// ask runs a program of the system's and returns what it writes. It does not wait longer than askTime, nor for children
// that keep its output open.
func ask(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...) //nolint:gosec // names and arguments of ours
	c.Env = append(os.Environ(), "LC_ALL=C")
	c.WaitDelay = time.Second
	out, err := c.Output()
	return string(out), err
}

// matches are the files of a pattern.
func matches(pattern string) []string {
	paths, _ := filepath.Glob(pattern) // fails only for a bad pattern
	return paths
}

// versionIn is the version that a file of the system's says, "" when it is of no such form.
func versionIn(file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return versionOf(strings.TrimSpace(string(raw)))
}

// versionForm is the form of versions of Debian's packages and kernels (deb-version(7)), without e-mail and blanks.
var versionForm = regexp.MustCompile(`^[0-9][0-9A-Za-z.+~:-]{0,60}$`)

func versionOf(text string) string {
	if !versionForm.MatchString(text) {
		return ""
	}
	return text
}

// versionFacts is what runs here.
type versionFacts struct {
	Program  string            `json:"program"`
	Kiosk    string            `json:"kiosk,omitempty"`
	Go       string            `json:"go"`
	System   string            `json:"system"`
	Kernel   string            `json:"kernel,omitempty"`
	Debian   string            `json:"debian,omitempty"`
	Packages map[string]string `json:"packages,omitempty"`
	Drivers  []driverBundle    `json:"drivers,omitempty"`
}

// packages are those of Debian's that a desk depends on.
var packages = []string{"balcao-desk", "balcao-centre", "pcscd", "libccid", "libpcsclite1", "libacsccid1", "polkitd", "cups", "poppler-utils", "xserver-xorg-core", "openbox", "libgl1-mesa-dri", "systemd", "systemd-timesyncd", "chrony"}

// commitForm is what -version prints behind a program's name.
var commitForm = regexp.MustCompile(`^[a-z]+ [0-9a-z.+-]{1,60}$`)

func (d deskProbes) versions(ctx context.Context) []section {
	f := versionFacts{
		Program: version.Line(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Kernel: versionIn("/proc/sys/kernel/osrelease"), Debian: versionIn("/etc/debian_version"), Packages: map[string]string{},
		Drivers: driverBundles(driverFiles),
	}
	if out, err := ask(ctx, "kiosk", "-version"); err == nil && commitForm.MatchString(strings.TrimSpace(out)) {
		f.Kiosk = strings.TrimSpace(out)
	}
	out, _ := ask(ctx, "dpkg-query", append([]string{"--show", "--showformat", `${Package} ${db:Status-Status} ${Version}\n`}, packages...)...)
	for line := range strings.Lines(out) { // it fails for each package that is not there, and names the others
		if words := strings.Fields(line); len(words) == 3 && words[1] == "installed" {
			f.Packages[words[0]] = versionOf(words[2])
		}
	}
	for i := range f.Drivers {
		f.Drivers[i].Path = d.wording.plain(f.Drivers[i].Path)
	}
	return []section{{name: "versions", facts: f}}
}

// readerFacts is the readers, as the service names them and as they are plugged in.
type readerFacts struct {
	Service serviceFacts `json:"service"`
	Readers []string     `json:"readers"`
	Plugged []usbFacts   `json:"plugged_in"`
}

type serviceFacts struct {
	Running bool      `json:"running"`
	Since   time.Time `json:"since,omitzero"`
	Socket  string    `json:"socket"` // the path's mode, or that there is none
	Systemd []string  `json:"systemd,omitempty"`
}

type usbFacts struct {
	ID      string `json:"id"` // vendor:product
	Release string `json:"release,omitempty"`
	Kernel  string `json:"kernel_driver,omitempty"` // that has taken it
	Driver  bool   `json:"driver_of_pcscd_knows_it"`
}

func (d deskProbes) readers(ctx context.Context) []section {
	facts := readerFacts{Service: d.service(ctx), Plugged: d.plugged()}
	facts.Readers = []string{}
	var findings []finding
	diagnosed := d.config.choice().Diagnose(ctx)
	for _, f := range diagnosed {
		findings = append(findings, d.wording.finding(finding{Finding: d.nameless(f)}))
	}
	if !diagnosed[0].OK { // the service would be waited for again
		return []section{{"readers", facts, findings}}
	}
	names, _ := cardreader.List(ctx) // what is wrong, Diagnose has said
	for _, name := range names {
		facts.Readers = append(facts.Readers, d.wording.reader(name))
	}
	return []section{{"readers", facts, findings}}
}

// quoted is a reader's name in a finding.
var quoted = regexp.MustCompile(`"([^"]*)"`)

// nameless is a finding in whose title a reader's name has only the words of drivers.
func (d deskProbes) nameless(f cardreader.Finding) cardreader.Finding {
	f.Title = quoted.ReplaceAllStringFunc(f.Title, func(name string) string { return d.wording.reader(strings.Trim(name, `"`)) })
	return f
}

// service looks for the daemon itself: whether it answers, Diagnose says.
func (d deskProbes) service(ctx context.Context) serviceFacts {
	f := serviceFacts{Socket: "missing"}
	if info, err := os.Stat(cmp.Or(os.Getenv("PCSCLITE_CSOCK_NAME"), "/run/pcscd/pcscd.comm")); err == nil {
		f.Socket = info.Mode().String()
	}
	for _, path := range matches("/proc/[0-9]*/comm") {
		name, err := os.ReadFile(path)
		if err == nil && strings.TrimSpace(string(name)) == "pcscd" {
			f.Running, f.Since = true, startOf(filepath.Dir(path))
		}
	}
	out, _ := ask(ctx, "systemctl", "show", "pcscd.service", "pcscd.socket", "--property=Id,ActiveState,SubState,NRestarts,Result")
	for line := range strings.Lines(out) {
		if text := d.wording.plain(line); text != "" {
			f.Systemd = append(f.Systemd, text)
		}
	}
	return f
}

// startOf is when a process of /proc started, to a second; zero when that cannot be told (proc_pid_stat(5), field 22, in
// hundredths of a second since the system started).
func startOf(process string) time.Time {
	stat, err := os.ReadFile(filepath.Join(process, "stat"))
	if err != nil {
		return time.Time{}
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	system, err := os.ReadFile("/proc/stat")
	_, after, found := strings.Cut(string(system), "btime ")
	if err != nil || !found || len(fields) < 20 {
		return time.Time{}
	}
	boot, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	ticks, ticksErr := strconv.ParseInt(fields[19], 10, 64)
	if err != nil || ticksErr != nil {
		return time.Time{}
	}
	return time.Unix(boot+ticks/100, 0).UTC()
}

// hexForm is a number of USB's.
var hexForm = regexp.MustCompile(`^[0-9a-f]{4}$`)

// plugged lists the devices that say that they are smart-card readers (interface class 0B), and the contactless ones that
// a kernel driver may have taken. Serial numbers are not read.
func (d deskProbes) plugged() []usbFacts {
	known := map[string]bool{}
	for _, b := range driverBundles(driverFiles) {
		for _, device := range b.Devices {
			known[device] = true
		}
	}
	all := []usbFacts{}
	for _, path := range matches("/sys/bus/usb/devices/*/bInterfaceClass") {
		face := filepath.Dir(path)
		class, err := os.ReadFile(path)
		driver, _ := os.Readlink(filepath.Join(face, "driver"))
		driver = filepath.Base(driver)
		nfc := strings.Contains(driver, "pn533") || strings.Contains(driver, "nfc")
		if err != nil || strings.TrimSpace(string(class)) != "0b" && !nfc {
			continue
		}
		device, _, _ := strings.Cut(face, ":")
		part := func(name string) string {
			raw, _ := os.ReadFile(filepath.Join(device, name))
			text := strings.TrimSpace(string(raw))
			if !hexForm.MatchString(text) {
				return "…"
			}
			return text
		}
		u := usbFacts{ID: part("idVendor") + ":" + part("idProduct"), Release: part("bcdDevice")}
		u.Driver = known["0x"+part("idVendor")+":0x"+part("idProduct")]
		if nfc {
			u.Kernel = d.wording.plain(driver)
		}
		all = append(all, u)
	}
	return all
}

// monitorLine is a monitor as xrandr --listmonitors has it: number, mark, name, size in dots and millimetres, place.
var monitorLine = regexp.MustCompile(`^\s*[0-9]+: \+(\*?)\S+ ([0-9]+)/([0-9]+)x([0-9]+)/([0-9]+)\+([0-9]+)\+([0-9]+)`)

func (d deskProbes) screens(ctx context.Context) []section {
	if os.Getenv("DISPLAY") == "" {
		return []section{{name: "screens", facts: "DISPLAY is not set: the command was not run in the desk's graphical session.\n"}}
	}
	out, err := ask(ctx, "xrandr", "--listmonitors")
	if err != nil {
		return []section{{name: "screens", facts: "xrandr says nothing: " + d.wording.plain(err.Error()) + "\n"}}
	}
	var monitors []string
	for line := range strings.Lines(out) {
		if m := monitorLine.FindStringSubmatch(line); m != nil {
			first := ""
			if m[1] != "" {
				first = ", the primary one"
			}
			monitors = append(monitors, fmt.Sprintf("%s × %s dots, %s × %s mm, at %s,%s%s", m[2], m[4], m[3], m[5], m[6], m[7], first))
		}
	}
	s := section{name: "screens", facts: monitors}
	if second, _ := d.config.keys["second_screen"].(bool); second && len(monitors) < 2 {
		s.findings = []finding{{Finding: cardreader.Finding{
			Code: "second_screen", Title: "The second screen is missing.", Cause: "The configuration says second_screen, and there is one monitor.",
			Cure: "Check its cable and power; then start the desk again.",
		}}}
	}
	return []section{s}
}

func (d deskProbes) fonts(context.Context) []section {
	missing := map[string]string{}
	for _, l := range kiosk.Languages {
		if m := fonts.Missing(l.Name()); len(m) > 0 {
			missing[string(l)] = "apt install " + strings.Join(m, " ")
		}
	}
	f := cardreader.Finding{Code: cardreader.CodeOK, OK: true, Title: fmt.Sprintf("The citizen's screen offers %d of %d languages.", len(kiosk.Languages)-len(missing), len(kiosk.Languages))}
	if len(missing) > 0 {
		f.Code, f.OK, f.Cause, f.Cure = codeFont, false, "This computer has no fonts for the others.", "fonts.json says which packages bring them; then start the desk again."
	}
	return []section{{"fonts", map[string]any{"languages": len(kiosk.Languages), "missing": missing}, []finding{{Finding: f}}}}
}

func (d deskProbes) printers(ctx context.Context) []section {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	known, err := printer.Queues(ctx)
	if err != nil {
		return []section{{name: "printers", facts: "CUPS has no printer, does not run, or is not installed: papers are shown on the screen.\n"}}
	}
	var queues []string
	there := false
	for i, queue := range known {
		ours := ""
		if queue.Name == d.config.printer {
			there, ours = true, " (the configured one)"
		}
		queues = append(queues, fmt.Sprintf("queue %d%s: %s", i+1, ours, d.wording.plain(queue.State)))
	}
	s := section{name: "printers", facts: queues}
	if d.config.printer != "" && !there {
		s.findings = []finding{{Finding: cardreader.Finding{
			Code: "printer_missing", Title: "The configured printer is not there.", Cause: "CUPS has no queue of the name that the configuration says (printer).",
			Cure: "lpstat -e lists the names; correct the configuration, or set the printer up.",
		}}}
	}
	return []section{s}
}
