package travel

import (
	"encoding/asn1"
	"slices"

	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

// mapping is how PACE comes from the nonce to a generator (Doc 9303-11 §4.4.3.3).
type mapping int

const (
	mapGeneric mapping = iota + 1
	mapIntegrated
	mapChipAuthentication
)

func (m mapping) String() string {
	return [...]string{mapGeneric: "GM", mapIntegrated: "IM", mapChipAuthentication: "CAM"}[m]
}

// suite is one way of doing PACE that a chip offers and this package can do.
type suite struct {
	oid       asn1.ObjectIdentifier
	mapping   mapping
	cipher    secure.Cipher
	group     agreement.Group
	parameter int // as PACEInfo has it, or absent
}

// mappings gives what the arc behind oidPACE means (§9.2.1).
var mappings = map[int]struct {
	mapping  mapping
	elliptic bool
}{
	1: {mapGeneric, false},
	2: {mapGeneric, true},
	3: {mapIntegrated, false},
	4: {mapIntegrated, true},
	6: {mapChipAuthentication, true},
}

// maxStandardised is the highest number of standardised domain parameters; the rest a chip defines itself.
const maxStandardised = 31

// paceSuites returns what a chip offers and can be done here, best first. extended says whether an APDU may be
// longer than a short one: a key of the large prime groups fits no other.
func (s securityInfos) paceSuites(extended bool) []suite {
	var suites []suite
	for _, info := range s.pace {
		how, known := mappings[info.oid[len(oidPACE)]]
		cipher := secure.Cipher(info.oid[len(oidPACE)+1])
		if !known || info.version != 2 || cipher < secure.TripleDES || cipher > secure.AES256 {
			continue
		}
		if how.mapping == mapChipAuthentication && cipher == secure.TripleDES {
			continue // not defined
		}
		group := s.group(info)
		if group == nil || group.Elliptic() != how.elliptic || how.mapping == mapIntegrated && !integrates(group) {
			continue
		}
		if !extended && largeElements(group) {
			continue
		}
		suites = append(suites, suite{info.oid, how.mapping, cipher, group, info.parameter})
	}
	slices.SortStableFunc(suites, func(a, b suite) int { return b.rank() - a.rank() })
	return suites
}

// rank orders suites: one that also proves the chip before others, then by cipher, then by field, an elliptic one
// before a prime one of the same strength.
func (s suite) rank() int {
	rank := int(s.cipher) * 1000
	if s.mapping == mapChipAuthentication {
		rank += 100000
	}
	if s.group.Elliptic() {
		return rank + s.group.Bits()
	}
	return rank + s.group.Bits()/16
}

// integrates reports whether the integrated mapping is defined for a group: P-224's prime is 1 modulo 4.
func integrates(g agreement.Group) bool {
	return !g.Elliptic() || g.Modulus().Bit(1) == 1
}

// group finds the domain parameters of an info: standardised ones by their number, others where
// PACEDomainParameterInfo has them written out (§9.2.1). nil when they are not known here.
func (s securityInfos) group(info paceInfo) agreement.Group {
	if info.parameter != absent && info.parameter <= maxStandardised {
		if g, err := agreement.Standardised(info.parameter); err == nil {
			return g
		}
		return nil
	}
	var found agreement.Group
	for _, d := range s.domains {
		if d.protocol != info.oid[len(oidPACE)] || info.parameter != absent && d.parameter != info.parameter {
			continue
		}
		g, err := agreement.Parse(d.algorithm)
		if err != nil || found != nil {
			return nil // unknown, or two that nothing tells apart
		}
		found = g
	}
	return found
}

// ambiguous reports whether a chip has more than one set of domain parameters for PACE, so that the terminal
// has to say which it means (tag 84, §4.4.4.1). Where there is one, some chips refuse to be told.
func (s securityInfos) ambiguous() bool {
	seen := map[int]bool{}
	for _, info := range s.pace {
		seen[info.parameter] = true
	}
	return len(seen) > 1
}
