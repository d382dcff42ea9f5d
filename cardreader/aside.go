package cardreader

import (
	"regexp"
	"slices"
	"strings"
)

// Aside is why something that PC/SC lists as a reader is left aside: no card that a person brings goes into it. "" is for a
// reader.
type Aside string

// The reasons.
const (
	AsideVirtual Aside = "virtual"      // a program of the system's presents itself as a reader with a card
	AsideSAM     Aside = "sam"          // the slot within a reader for its operator's own module
	AsideKey     Aside = "security_key" // a key with a chip of its own
	AsideIgnored Aside = "ignored"      // the configuration says so
)

// String says it in words, after "is left aside: ".
func (a Aside) String() string {
	switch a {
	case AsideVirtual:
		return "it is a program's and takes no cards"
	case AsideSAM:
		return "it is the slot for a module inside the reader (SAM)"
	case AsideKey:
		return "it is a security key, into which no card goes"
	case AsideIgnored:
		return "the configuration says so (ignore_readers)"
	}
	return ""
}

// Choice decides which of the readers that PC/SC lists are readers. Without a word on one, its name tells; an unknown name
// is a reader's. Ignore and Keep have parts of names, in any case; Keep is stronger.
type Choice struct {
	Ignore []string // left aside
	Keep   []string // used, whatever their names say
}

// Aside says why a reader is left aside, "" when it is not.
func (c Choice) Aside(name string) Aside {
	switch {
	case partOf(name, c.Keep):
		return ""
	case partOf(name, c.Ignore):
		return AsideIgnored
	}
	return asideByName(name)
}

// part parts readers from what is left aside.
func (c Choice) part(names []string) (readers []string, aside []LeftAside) {
	for _, name := range names {
		if why := c.Aside(name); why != "" {
			aside = append(aside, LeftAside{name, why})
			continue
		}
		readers = append(readers, name)
	}
	return readers, aside
}

func partOf(name string, parts []string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(parts, func(part string) bool { return part != "" && strings.Contains(name, strings.ToLower(part)) })
}

// notReaders are the names of what is no reader: those of Windows' own virtual readers, and of products that have their
// chip built in, as in libccid's list of devices (readers/supported_readers.txt). A general rule, such as the word Token or
// Virtual, would meet readers too: "TOKEN2 MFA NFC Reader", "Gemalto USB Shell Token V2", "Virtual PCD", and
// "VMware Virtual USB CCID", which is the reader of the computer outside.
var notReaders = []struct {
	name *regexp.Regexp
	why  Aside
}{
	{regexp.MustCompile(`(?i)^(Windows Hello for Business|Microsoft UICC ISO Reader|Microsoft Virtual Smart Card)\b`), AsideVirtual},
	{regexp.MustCompile(`(?i)\bTPM Virtual Smart Card\b`), AsideVirtual},
	{regexp.MustCompile(`(?i)^Yubico\b|\bYubiKey\b`), AsideKey},
	{regexp.MustCompile(`(?i)^(Nitrokey|SoloKeys|Canokeys?|canokeys\.org|PIVKey|Ledger Nano)\b`), AsideKey},
	{regexp.MustCompile(`(?i)\b(Gnuk|Librem Key|GoTrust Idem Key|Crescendo Key|GoldKey Security PIV Token|SafeNet eToken|TOKEN2 Molto2?|FT Biopass( KB)? FIDO2?|ePass FIDO)\b`), AsideKey},
	// Its third slot, always with a card that does not answer (github.com/acshk/acsccid, issue 4).
	{regexp.MustCompile(`^ACS ACR1281 1S Dual Reader\b.* 02$`), AsideSAM},
}

var (
	// slotNumbers end a name: pcsc-lite's reader and slot in hexadecimal, Windows' number.
	slotNumbers = regexp.MustCompile(`( [0-9A-F]{2} [0-9A-F]{2}| [0-9]+)$`)
	// serialNumber is what pcsc-lite puts before them, of a device that has one.
	serialNumber = regexp.MustCompile(` \([^()]*\)$`)
	// interfaceName is the name of one of a device's interfaces, as pcsc-lite puts it behind the device's.
	interfaceName = regexp.MustCompile(` \[([^\[\]]*)\]$`)
	// samSlot is how the name of a slot for a module ends: "ACS ACR1252 Dual Reader SAM 0", "Duali DE-620 SAM Reader 0".
	samSlot = regexp.MustCompile(`(?i).\bSAM( Reader| Interface| Slot)?$`)
	// withSAM is how the name of a reader with such a slot ends: "Identiv uTrust 4711 F CL + SAM Reader".
	withSAM = regexp.MustCompile(`(?i)(\+|&|\band|\bwith) ?SAM( Reader)?$`)
)

// asideByName judges a name as PC/SC has it, of which one device may have several: for each interface and each slot.
func asideByName(name string) Aside {
	for _, n := range notReaders {
		if n.name.MatchString(name) {
			return n.why
		}
	}
	part := serialNumber.ReplaceAllString(slotNumbers.ReplaceAllString(name, ""), "")
	if of := interfaceName.FindStringSubmatch(part); of != nil {
		part = of[1]
	}
	if samSlot.MatchString(part) && !withSAM.MatchString(part) {
		return AsideSAM
	}
	return ""
}
