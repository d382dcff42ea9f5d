package travel

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io/fs"
	"math/big"

	"balcao/assets/testpki"
	"balcao/mock-pcsc/curve"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/pki"
)

// maker holds what is needed while a document is put together.
type maker struct {
	plan   Plan
	pki    *pki.PKI
	signer *pki.CountryAuthority
	infos  [][]byte // security infos of data group 14
	chip   *emrtd.ChipKey
	active *emrtd.ActiveKey
	static *big.Int // of chip authentication mapping

	signed, written map[int][]byte // data groups, as the SOD covers them and as the chip has them
}

// File identifiers (ICAO 9303-10 §3.11); data group n has 0100 + n.
const (
	fileCommon     = 0x011e
	fileSOD        = 0x011d
	fileAccess     = 0x011c
	fileSecurity   = 0x011d // in the master file
	fileAttributes = 0x2f01
	fileDirectory  = 0x2f00
	fileZone       = 0x0101
	filePhoto      = 0x0102
)

func (m *maker) contents() (emrtd.Contents, error) {
	p := m.plan
	var err error
	if m.signer, err = m.pki.Country(p.Signer); err != nil {
		return emrtd.Contents{}, err
	}
	for _, step := range []func() error{m.chipKey, m.activeKey, m.dataGroups, m.alter} {
		if err := step(); err != nil {
			return emrtd.Contents{}, err
		}
	}
	files, err := m.files()
	if err != nil {
		return emrtd.Contents{}, err
	}
	master, err := m.master()
	if err != nil {
		return emrtd.Contents{}, err
	}
	zone := p.zone()
	c := emrtd.Contents{
		ATR: ContactlessATR(p.Extended), Master: master, Files: files, Active: m.active, Extended: p.Extended, Longest: p.Longest,
		Strict: p.Strict, NoShort: p.NoShort, Fault: p.Fault, Password: map[byte][]byte{emrtd.PasswordMRZ: zone.information()},
	}
	if p.BAC {
		c.BAC = zone.information()
	}
	for _, way := range p.PACE {
		way.Static = m.static
		c.PACE = append(c.PACE, way)
	}
	if p.CAN != "" {
		c.Password[emrtd.PasswordCAN] = []byte(p.CAN)
	}
	if m.chip != nil {
		c.Chip = []*emrtd.ChipKey{m.chip}
	}
	return c, nil
}

// keyID is the identifier that chips of the fixtures give to their one key, with and without saying so.
const keyID = -1

// chipKey announces chip authentication, with the key that the issuer certified.
func (m *maker) chipKey() error {
	if m.plan.ChipKey == "" {
		return nil
	}
	certified, domain, err := m.private(m.plan.ChipKey)
	if err != nil {
		return err
	}
	held, _, err := m.private(cmp.Or(m.plan.ChipHolds, m.plan.ChipKey))
	if err != nil {
		return err
	}
	static, _, err := m.private(cmp.Or(m.plan.StaticHolds, m.plan.ChipKey))
	if err != nil {
		return err
	}
	info, err := pki.PublicKeyInfo(certified.Public())
	if err != nil {
		return err
	}
	m.static = static.D                                                                             //nolint:staticcheck // the chip computes on curves that crypto/ecdh does not know
	m.chip = &emrtd.ChipKey{ID: keyID, Ciphers: m.plan.ChipCipher, Domain: domain, Private: held.D} //nolint:staticcheck // as above
	m.infos = append(m.infos, ChipKeyInfo(info, keyID))
	for _, c := range m.plan.ChipCipher {
		m.infos = append(m.infos, ChipInfo(domain, c, keyID))
	}
	return nil
}

// private is a committed key on a curve, and the number of its parameters.
func (m *maker) private(name string) (*ecdsa.PrivateKey, byte, error) {
	key, err := m.pki.CardKey(name)
	if err != nil {
		return nil, 0, err
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, 0, fmt.Errorf("key %s is on no curve", name)
	}
	c, err := curve.Of(ec.Curve)
	if err != nil {
		return nil, 0, err
	}
	return ec, c.Domain, nil
}

func (m *maker) activeKey() error {
	if m.plan.ActiveKey == "" {
		return nil
	}
	certified, err := m.pki.CardKey(m.plan.ActiveKey)
	if err != nil {
		return err
	}
	held, err := m.pki.CardKey(cmp.Or(m.plan.ActiveHolds, m.plan.ActiveKey))
	if err != nil {
		return err
	}
	info, err := pki.PublicKeyInfo(certified.Public())
	if err != nil {
		return err
	}
	if _, ok := certified.(*ecdsa.PrivateKey); ok {
		m.infos = append(m.infos, ActiveInfo(m.plan.ActiveHash))
	}
	m.active = &emrtd.ActiveKey{Private: held, Hash: m.plan.ActiveHash}
	m.set(15, object(0x6f, info))
	return nil
}

func (m *maker) set(n int, group []byte) {
	if m.signed == nil {
		m.signed = map[int][]byte{}
	}
	m.signed[n] = group
}

func (m *maker) dataGroups() error {
	p := m.plan
	m.set(1, zoneGroup(p.zone().lines()))
	picture, err := fs.ReadFile(testpki.FS, "portraits/"+p.Person.Portrait)
	if err != nil {
		return fmt.Errorf("reading a portrait: %w", err)
	}
	photo, err := photoGroup(picture, p.Record)
	if err != nil {
		return err
	}
	m.set(2, photo)
	if p.Fingerprints {
		m.set(3, fingerGroup())
		m.infos = append(m.infos, terminalInfo())
	}
	if p.FullName {
		m.set(11, detailsGroup(p.Person))
	}
	if p.Details {
		m.set(12, documentGroup("Repartição de Amaurote", p.From))
	}
	for _, way := range p.PACE { // what EF.CardAccess says is signed too (ICAO 9303-11 §9.2.9)
		m.infos = append(m.infos, PACEInfo(way))
	}
	if len(m.infos) > 0 {
		set, err := Infos(m.infos...)
		if err != nil {
			return err
		}
		m.set(14, object(0x6e, set))
	}
	return nil
}

// alter departs from what is signed.
func (m *maker) alter() error {
	m.written = map[int][]byte{}
	for n, group := range m.signed {
		m.written[n] = bytes.Clone(group)
	}
	if m.plan.AlteredZone {
		// The first letter of the surname, in which no check digit has a part.
		zone := m.written[1]
		i := bytes.Index(zone, []byte(m.plan.Issuer)) + len(m.plan.Issuer)
		if m.plan.Format == TD1 {
			return errors.New("the names of TD1 are not behind the issuer")
		}
		zone[i] = 'A' + (zone[i]-'A'+1)%26
	}
	if m.plan.AlteredPhoto {
		// Far inside the picture: it still decodes, and only the hash can tell.
		m.written[2][len(m.written[2])*3/4] ^= 0x01
	}
	switch m.plan.Absurd {
	case AbsurdZone:
		m.written[1] = absurdLength(m.written[1])
	case AbsurdPhoto:
		m.written[2] = absurdLength(m.written[2])
	case AbsurdNothing, AbsurdSOD:
	}
	return nil
}

// files are those of the eMRTD application.
func (m *maker) files() ([]*emrtd.File, error) {
	sod, err := m.securityObject()
	if err != nil {
		return nil, err
	}
	files := []*emrtd.File{
		{ID: fileCommon, SFI: 0x1e, Data: commonFile(m.signed), Read: emrtd.Granted},
		{ID: fileSOD, SFI: 0x1d, Data: sod, Read: emrtd.Granted},
	}
	for n := 1; n <= 16; n++ {
		if m.written[n] == nil {
			continue
		}
		f := &emrtd.File{ID: 0x0100 | uint16(n), SFI: byte(n), Data: m.written[n], Read: emrtd.Granted}
		if n == 3 {
			f.Read = emrtd.Never
		}
		files = append(files, f)
	}
	return files, nil
}

func (m *maker) securityObject() ([]byte, error) {
	p := m.plan
	object := pki.SecurityObject{
		Groups: m.signed, Hash: cmp.Or(p.Hash, crypto.SHA256), LDS: p.LDS, ByKeyID: p.SignerByKey, BER: p.BER, Respelt: p.Respelt,
	}
	if p.SigningTime {
		object.At = p.From
	}
	sod, err := m.signer.Sign(object)
	if err != nil {
		return nil, err
	}
	if p.BrokenSOD {
		sod[len(sod)-1] ^= 0x01 // the signature ends the structure
	}
	if p.HalfSOD {
		for i := len(sod) / 2; i < len(sod); i++ {
			sod[i] = 0xff // as memory is from the factory
		}
	}
	if p.Absurd == AbsurdSOD {
		sod = absurdLength(sod)
	}
	return sod, nil
}

// master are the files of the master file.
func (m *maker) master() ([]*emrtd.File, error) {
	files := []*emrtd.File{
		{ID: fileDirectory, SFI: 0x1e, Data: object(0x61, object(0x4f, []byte{0xa0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01}))},
	}
	if m.plan.Extended {
		files = append(files, &emrtd.File{ID: fileAttributes, SFI: 0x01, Data: Attributes(m.plan.Longest)})
	}
	if len(m.plan.PACE) == 0 {
		return files, nil
	}
	access, err := CardAccess(m.plan.PACE)
	if err != nil {
		return nil, err
	}
	files = append(files, access)
	for _, way := range m.plan.PACE {
		if way.Mapping == emrtd.ChipAuthentication {
			security, err := m.cardSecurity(way.Domain)
			return append(files, security), err
		}
	}
	return files, nil
}

// CardAccess is EF.CardAccess, which everybody reads.
func CardAccess(ways []emrtd.PACE) (*emrtd.File, error) {
	var infos [][]byte
	for _, way := range ways {
		infos = append(infos, PACEInfo(way))
	}
	set, err := Infos(infos...)
	return &emrtd.File{ID: fileAccess, SFI: 0x1c, Data: set}, err
}

// cardSecurity is EF.CardSecurity: the public key of chip authentication mapping, signed, and what else
// concerns the chip.
func (m *maker) cardSecurity(domain byte) (*emrtd.File, error) {
	certified, _, err := m.private(m.plan.ChipKey)
	if err != nil {
		return nil, err
	}
	public, err := standardisedKey(domain, certified.D) //nolint:staticcheck // no other way to a public key by number
	if err != nil {
		return nil, err
	}
	infos := [][]byte{ChipKeyInfo(public, keyID)}
	for _, way := range m.plan.PACE {
		infos = append(infos, PACEInfo(way))
	}
	for _, c := range m.plan.ChipCipher {
		infos = append(infos, ChipInfo(domain, c, keyID))
	}
	set, err := Infos(infos...)
	if err != nil {
		return nil, err
	}
	signed, err := m.signer.SignCardSecurity(set)
	return &emrtd.File{ID: fileSecurity, SFI: 0x1d, Data: signed, Read: emrtd.ByPACE}, err
}
