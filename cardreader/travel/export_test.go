package travel

import (
	"context"
	"encoding/asn1"
	"fmt"
	"io"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

// RunPACE runs the protocol alone, for worked examples that begin with K_pi.
func RunPACE(ctx context.Context, t iso7816.Transmitter, random io.Reader, oid asn1.ObjectIdentifier, parameter int, key []byte,
) (session *secure.Session, mapped, proof []byte, err error) {
	infos := securityInfos{pace: []paceInfo{{oid, 2, parameter}}}
	suites := infos.paceSuites(true)
	if len(suites) == 0 {
		return nil, nil, nil, fmt.Errorf("no suite %v", oid)
	}
	p := &pace{t: t, random: random, suite: suites[0], key: key}
	result, err := p.run(ctx)
	return result.session, result.mapped, result.proof, err
}

// Token computes a token of PACE.
func Token(oid asn1.ObjectIdentifier, g agreement.Group, mac, public []byte) []byte {
	p := &pace{suite: suite{oid: oid, group: g, cipher: secure.Cipher(oid[len(oid)-1])}}
	return p.token(mac, public)
}

// PasswordKey is K_pi of a password.
func PasswordKey(p Password, c secure.Cipher) []byte { return p.key(c) }

// BasicSeed is K_seed of a password.
func BasicSeed(p Password) []byte { return p.basicSeed() }

// Functions that worked examples and fuzzing reach for.
var (
	PseudoRandom  = pseudoRandom
	BasicAccess   = basicAccess
	SignedContent = signedContent
	ParseATRInfo  = parseATRInfo
)

// InfoCounts says what parsing security infos found.
type InfoCounts struct{ PACE, Domains, ChipKeys, ChipAuths int }

// ParseSecurityInfos parses and counts.
func ParseSecurityInfos(der []byte) (InfoCounts, error) {
	s, err := parseSecurityInfos(der)
	return InfoCounts{len(s.pace), len(s.domains), len(s.chipKeys), len(s.chipAuths)}, err
}

// Capabilities are the card capabilities of an answer to reset.
func Capabilities(atr []byte) []byte { return capabilitiesOf(historicalBytes(atr)) }
