package evidence

import (
	"errors"
	"strings"
)

// What stands in a transcript's Access when no chip was opened through a protected channel.
const (
	AccessContact = "contact" // a Citizen Card in its contact reader
	AccessTyped   = "typed"   // no chip: the machine-readable zone was typed
)

// Access says how a chip was opened: over which protected channel, and what is to be said against it.
type Access struct {
	Mechanism string // "PACE-GM", "PACE-IM", "PACE-CAM" or "BAC"
	Cipher    string // "3DES", "AES-128", …
	Curve     string // of PACE: "brainpoolP256r1", "P-256", …; empty for BAC

	Unenforced bool // the chip would have given its contents to anybody
	Downgraded bool // the chip offers PACE and was opened with BAC
}

// unenforced is the last part of the text of a chip without access control.
const unenforced = "unenforced"

// maxAccess bounds the text; that of the longest mechanism has 40 characters.
const maxAccess = 80

// String is the form of a transcript: "PACE-GM/AES-128/brainpoolP256r1", "BAC/3DES/unenforced". A chip that was opened
// below its ability is never enrolled, so that is not said in it.
func (a Access) String() string {
	parts := []string{a.Mechanism, a.Cipher}
	if a.Curve != "" {
		parts = append(parts, a.Curve)
	}
	if a.Unenforced {
		parts = append(parts, unenforced)
	}
	return strings.Join(parts, "/")
}

// known reports whether the mechanism is one that can open a chip.
func (a Access) known() bool {
	switch a.Mechanism {
	case "PACE-GM", "PACE-IM", "PACE-CAM":
		return a.Cipher != "" && a.Curve != ""
	case "BAC":
		return a.Cipher != "" && a.Curve == ""
	}
	return false
}

// errAccess says that a text is none of Access.String. It is the desk's word, so it decides about nothing that
// would make a document better than it is.
var errAccess = errors.New("access to the chip in no known form")

func parseAccess(text string) (Access, error) {
	var a Access
	rest := text
	rest, a.Unenforced = strings.CutSuffix(rest, "/"+unenforced)
	parts := strings.SplitN(rest, "/", 3)
	if len(text) > maxAccess || len(parts) < 2 {
		return Access{}, errAccess
	}
	a.Mechanism, a.Cipher = parts[0], parts[1]
	if len(parts) == 3 {
		a.Curve = parts[2]
	}
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return Access{}, errAccess
		}
	}
	if !a.known() {
		return Access{}, errAccess
	}
	return a, nil
}
