package examine

import (
	"errors"
	"strings"

	"balcao/cardreader/travel"
)

// unenforced is the last part of the text of a chip without access control.
const unenforced = "unenforced"

// maxAccess bounds the text; that of the longest mechanism has 40 characters.
const maxAccess = 80

// AccessText says how a chip was opened in the form of a transcript: "PACE-GM/AES-128/brainpoolP256r1",
// "BAC/3DES/unenforced". A chip that was opened below its ability is never enrolled, so that is not said.
func AccessText(p travel.Protection) string {
	parts := []string{p.Mechanism, p.Cipher}
	if p.Curve != "" {
		parts = append(parts, p.Curve)
	}
	if p.Unenforced {
		parts = append(parts, unenforced)
	}
	return strings.Join(parts, "/")
}

// errAccess says that a text is none of AccessText.
var errAccess = errors.New("access to the chip in no known form")

// ParseAccess reads what AccessText writes. The text is the desk's word, so the centre lets it make a document worse
// and never better.
func ParseAccess(text string) (travel.Protection, error) {
	var p travel.Protection
	rest := text
	rest, p.Unenforced = strings.CutSuffix(rest, "/"+unenforced)
	parts := strings.SplitN(rest, "/", 3)
	if len(text) > maxAccess || len(parts) < 2 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return travel.Protection{}, errAccess
	}
	p.Mechanism, p.Cipher = parts[0], parts[1]
	if len(parts) == 3 {
		p.Curve = parts[2]
	}
	if !knownAccess(p) || AccessText(p) != text {
		return travel.Protection{}, errAccess
	}
	return p, nil
}

// pacePrefix begins the names of all that is PACE; what follows is the mapping.
const pacePrefix = "PACE-"

// chipMapping is the one that proves the chip's key while it opens it (Doc 9303-11 §4.4.3.3.3).
const chipMapping = pacePrefix + "CAM"

// knownAccess reports whether something can open a chip.
func knownAccess(p travel.Protection) bool {
	switch p.Mechanism {
	case pacePrefix + "GM", pacePrefix + "IM", chipMapping:
		return p.Cipher != "" && p.Curve != ""
	case "BAC":
		return p.Cipher != "" && p.Curve == ""
	}
	return false
}
