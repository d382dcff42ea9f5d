package travel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/agreement"
)

const mechanismBAC = "BAC"

func (s suite) mechanism() string { return "PACE-" + s.mapping.String() }

// Protection says how a chip was opened.
type Protection struct {
	Mechanism  string // "PACE-GM", "PACE-IM", "PACE-CAM" or "BAC"
	Cipher     string // "3DES", "AES-128" and so on
	Curve      string // the group of PACE: "brainpoolP256r1", "DH-2048-256"; empty with BAC
	Unenforced bool   // the chip gives its contents also without this
	Downgraded bool   // it offers PACE, and was opened with BAC

	// With PACE-CAM: the file that the chip's static key is in, to be verified by the caller, and that key, DER
	// SubjectPublicKeyInfo. The chip has shown that it has the key; see Confirm.
	CardSecurity []byte
	ChipKey      []byte
}

// Confirm checks that the key of a PACE-CAM is in the content of EF.CardSecurity whose signature the caller has
// verified. It is ErrClone when the content has another key, ErrUnproven when the chip was not opened with
// PACE-CAM.
func (p Protection) Confirm(verified []byte) error {
	if p.ChipKey == nil {
		return ErrUnproven
	}
	infos, err := parseSecurityInfos(verified)
	if err != nil {
		return fmt.Errorf("EF.CardSecurity: %w", err)
	}
	for _, key := range infos.chipKeys {
		if bytes.Equal(key.spki, p.ChipKey) {
			return nil
		}
	}
	return ErrClone
}

// Unlock opens the chip: with the best PACE that both sides can do, or with BAC when the chip does not offer PACE. The
// password is copied, and wiped by Close.
//
// ErrWrongPassword lets the caller ask again; ErrPasswordKind says that this chip has no use for such a password. A chip
// that offers PACE and refuses it is ErrDowngrade, unless Options.AllowDowngrade; one whose part in the
// protocol is wrong is ErrAccessControl, never a reason to try something weaker. With PACE-CAM, ErrClone says that the
// chip's static key is not its own. After any error the chip is locked.
func (c *Chip) Unlock(ctx context.Context, p Password) (Protection, error) {
	c.Close()
	if !p.possible() {
		return Protection{}, ErrPasswordKind
	}
	c.password = p.clone()
	for {
		err := c.open(ctx)
		if err == nil {
			return c.protection, nil
		}
		again := c.adapt(err)
		c.endSession()
		if !again {
			c.password.Wipe()
			return Protection{}, fmt.Errorf("unlocking the chip: %w", err)
		}
	}
}

// open makes a session with the password, by the rules that Unlock states, and selects the application in it.
func (c *Chip) open(ctx context.Context) error {
	c.endSession()
	c.protection = Protection{Unenforced: c.unenforced}
	if !c.offersPACE {
		return c.openBasic(ctx)
	}
	err := fmt.Errorf("%w: %w: no mechanism of EF.CardAccess can be done here", errRefused, ErrUnsupported)
	if len(c.suites) > 0 {
		err = c.openPACE(ctx, c.suites[0])
	}
	if !errors.Is(err, errRefused) {
		return err
	}
	if c.password.reference != referenceMRZ && len(c.suites) > 0 {
		// Doc 9303-11 §4.2 has the MRZ open every chip, and a card access number only those that have one. That this one
		// refuses the number says nothing of what it does with its MRZ.
		return fmt.Errorf("%w: %w", ErrPasswordKind, err)
	}
	if !c.seen {
		return fmt.Errorf("%w: %w", ErrAccessControl, err)
	}
	if !c.o.AllowDowngrade || c.password.reference != referenceMRZ {
		return fmt.Errorf("%w: %w", ErrDowngrade, err)
	}
	c.protection.Downgraded = true
	return c.openBasic(ctx)
}

func (c *Chip) openBasic(ctx context.Context) error {
	if c.password.reference != referenceMRZ {
		return ErrPasswordKind
	}
	if !c.inApplication {
		if err := c.selectApplication(ctx); err != nil {
			if isStatus(err) {
				return fmt.Errorf("%w: %w", ErrNoAccessControl, err)
			}
			return err
		}
	}
	session, err := basicAccess(ctx, c.t, c.o.Rand, c.password.basicSeed())
	if isStatus(err) && !errors.Is(err, ErrNoAccessControl) {
		return fmt.Errorf("%w: %w", ErrAccessControl, err)
	}
	if err != nil {
		return err
	}
	c.session = session
	c.protection.Mechanism, c.protection.Cipher = mechanismBAC, session.Cipher().String()
	return nil
}

// openPACE runs PACE from the master file, decides a chip authentication mapping, and goes into the application where
// there is one (Doc 9303-11 §4.2).
func (c *Chip) openPACE(ctx context.Context, s suite) error {
	if c.seen {
		// Recognising it left the application selected, or tried to. A chip that does not know its master file by name
		// is in it already.
		if err := selectMaster(ctx, c.t); err != nil && !isStatus(err) {
			return err
		}
		c.inApplication = false
	}
	if err := c.announce(ctx, s); err != nil {
		return err
	}
	p := &pace{t: c.t, random: c.o.Rand, suite: s, key: c.password.key(s.cipher)}
	defer clear(p.key)
	result, err := p.run(ctx)
	if err != nil {
		if isStatus(err) && !errors.Is(err, errRefused) {
			return fmt.Errorf("%w: %w", ErrAccessControl, err)
		}
		return err
	}
	c.session = result.session
	c.protection.Mechanism, c.protection.Cipher, c.protection.Curve = s.mechanism(), s.cipher.String(), s.group.Name()
	if s.mapping == mapChipAuthentication {
		defer clear(result.proof)
		if err := c.decideMapping(ctx, s.group, result); err != nil {
			return err
		}
	}
	switch err := c.selectApplication(ctx); {
	case errors.Is(err, iso7816.ErrNotFound) && !errors.Is(err, ErrSecureMessaging):
		c.seen = false // a card of another kind, to be read through Transmitter
		return nil
	case err != nil:
		return fmt.Errorf("selecting the application: %w", err)
	}
	c.seen = true
	return nil
}

// announce is MSE:Set AT (§4.4.4.1): which PACE, with which password, and with which domain
// parameters when the chip has several. If the chip refuses the last it is asked once more in the
// other way.
func (c *Chip) announce(ctx context.Context, s suite) error {
	told := c.infos.ambiguous() && s.parameter != absent
	err := c.setTemplate(ctx, s, told)
	if errors.Is(err, iso7816.ErrParameters) || errors.Is(err, iso7816.ErrNoReference) {
		if s.parameter != absent {
			err = c.setTemplate(ctx, s, !told)
		}
	}
	var status *iso7816.StatusError
	if errors.As(err, &status) && status.SW.Warning() {
		return nil // 63Cx tells how many tries are left, and is no refusal
	}
	if err != nil {
		return refused(err)
	}
	return nil
}

func (c *Chip) setTemplate(ctx context.Context, s suite, parameter bool) error {
	data := iso7816.Append(nil, 0x80, oidContent(s.oid))
	data = iso7816.Append(data, 0x83, []byte{c.password.reference})
	if parameter {
		data = iso7816.Append(data, 0x84, identifierBytes(s.parameter))
	}
	_, err := iso7816.Send(ctx, c.t, iso7816.Command{INS: 0x22, P1: 0xC1, P2: 0xA4, Data: data})
	return err
}

// decideMapping compares what the chip mapped with and its static key (§4.4.3.5.2): the key of the mapping has
// to be the static one times the number that the chip sent under the new session. Only the holder
// of the static private key can compute that number.
func (c *Chip) decideMapping(ctx context.Context, g agreement.Group, result paceResult) error {
	file, err := c.readFile(ctx, cardSecurity, nil)
	if err != nil {
		return fmt.Errorf("reading EF.CardSecurity: %w", err)
	}
	content, err := signedContent(file)
	if err != nil {
		return err
	}
	infos, err := parseSecurityInfos(content)
	if err != nil {
		return fmt.Errorf("EF.CardSecurity: %w", err)
	}
	for _, key := range infos.chipKeys {
		group, element, err := agreement.ParsePublicKey(key.spki)
		if err != nil || group.Name() != g.Name() {
			continue // for another protocol
		}
		product, err := g.Multiply(element, result.proof)
		if err == nil && bytes.Equal(product, result.mapped) {
			c.protection.CardSecurity, c.protection.ChipKey = file, key.spki
			return nil
		}
	}
	return ErrClone
}

// ConfirmOffers compares what EF.CardAccess said, which is not signed, with what the issuer signed
// in DG14 (Doc 9303-11 §9.2): a PACE that DG14 has and EF.CardAccess lacks was removed on the way,
// and is ErrDowngrade.
// DG14 is as it was read, and verified by the caller. A DG14 that says nothing of PACE confirms nothing and
// contradicts nothing.
func (c *Chip) ConfirmOffers(dg14 []byte) error {
	infos, err := parseDG14(dg14)
	if err != nil {
		return err
	}
	for _, signed := range infos.pace {
		offered := slices.ContainsFunc(c.infos.pace, func(p paceInfo) bool {
			return p.oid.Equal(signed.oid) && p.version == signed.version && p.parameter == signed.parameter
		})
		if !offered {
			return fmt.Errorf("%w: EF.CardAccess lacks what DG14 has", ErrDowngrade)
		}
	}
	return nil
}

// reopen makes a session like the one that ended, chip authentication included. It downgrades only
// what was downgraded before.
func (c *Chip) reopen(ctx context.Context) error {
	before, key := c.protection, c.chipKey
	if c.password.secret == nil {
		return ErrLocked
	}
	if err := c.open(ctx); err != nil {
		c.endSession()
		return fmt.Errorf("unlocking the chip anew: %w", err)
	}
	if c.protection.Mechanism != before.Mechanism {
		c.endSession()
		return fmt.Errorf("%w: it did before", ErrDowngrade)
	}
	if key != nil {
		return c.agreeWith(ctx, key)
	}
	return nil
}
