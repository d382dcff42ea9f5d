package cardreader

import (
	"os"
	"path/filepath"
	"strings"
)

// Words of findings.
const (
	runningTitle = "The smart-card service pcscd is running."
	restart      = "systemctl restart pcscd"
	alsoHolds    = "gpg (scdaemon)."
	closeHolder  = " For gpg put disable-ccid and pcsc-shared into ~/.gnupg/scdaemon.conf"
)

var stuckFinding = Finding{
	Code: CodeStuck, Title: "The smart-card service pcscd runs but does not react.",
	Cause: "A reader's driver hangs, or the service was suspended.",
	Cure:  "Unplug the readers, then: " + restart,
}

func serviceFinding(cause Cause) Finding {
	switch cause {
	case ServiceMissing:
		return Finding{
			Code: CodeMissing, Title: "There is no smart-card service on this computer.",
			Cause: "The program pcscd is not installed.",
			Cure:  "Install it: apt install pcscd libccid",
		}
	case ServiceStuck:
		return stuckFinding
	case NotAuthorised:
		return Finding{
			Code: CodeNotAuthorised, Title: "The smart-card service does not let this user in.",
			Cause: "polkit allows access to readers only to whoever sits at the computer, not over SSH, from a " +
				"service or after switching users.",
			Cure: "Log in at the computer itself, or allow the actions org.debian.pcsc-lite.access_pcsc and " +
				"org.debian.pcsc-lite.access_card to this user in a file in /etc/polkit-1/rules.d.",
		}
	default:
		return Finding{
			Code: CodeStopped, Title: "The smart-card service is installed but does not run.",
			Cause: "pcscd was stopped, or failed when it started.",
			Cure:  "Start it: " + restart + " — if it stops again, the reason is in journalctl -u pcscd",
		}
	}
}

// usbDevices lists the interface classes of everything plugged in.
const usbDevices = "/sys/bus/usb/devices/*/bInterfaceClass"

// pluggedIn reports whether a USB device says that it is a smart-card reader (interface class 0B).
func pluggedIn(pattern string) bool {
	paths, _ := filepath.Glob(pattern) // fails only for a bad pattern
	for _, path := range paths {
		class, err := os.ReadFile(path)
		if err == nil && strings.EqualFold(strings.TrimSpace(string(class)), "0b") {
			return true
		}
	}
	return false
}

func noReader() Finding { return noReaderFinding(pluggedIn(usbDevices)) }

func noReaderFinding(usb bool) Finding {
	f := Finding{Code: CodeNoReader, Title: "No reader was found."}
	if usb {
		f.Cause = "A reader is plugged in, but pcscd has no driver for it, or a kernel driver (pn533, nfc) took it first."
		f.Cure = "Install the driver: apt install libccid — for a contactless reader also: " +
			"modprobe -r pn533_usb. Then: " + restart
		return f
	}
	f.Cause = "No smart-card reader is plugged in, or its cable or USB socket is faulty."
	f.Cure = "Plug the reader in, directly and not through a hub. If its lamp stays dark, try another USB socket."
	return f
}
