package citizencard

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"balcao/cardreader/iso7816"
)

// Upper bounds of the length that each file states. A card that states more is refused before
// anything is allocated or read; real files have a third of it.
const (
	maxIdentity    = 8 << 10
	maxSOD         = 12 << 10
	maxCertificate = 8 << 10
)

const (
	tagSOD         iso7816.Tag = 0x77 // ICAO 9303-10 §4.6.2
	tagCertificate iso7816.Tag = 0x30 // SEQUENCE
)

// Where the first generation keeps what follows the identity in EF02.
const (
	mrzEnd     = 1372 // 3 lines of 30 characters
	cardKeyEnd = 1503 // RSA-1024 modulus and 3 bytes of exponent
)

// ReadIdentity reads Files.Identity, for ParseIdentity.
func (c *Card) ReadIdentity(ctx context.Context) ([]byte, error) {
	raw, err := c.readIdentity(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the identity: %w", err)
	}
	return raw, nil
}

func (c *Card) readIdentity(ctx context.Context) ([]byte, error) {
	if err := c.enter(ctx, c.profile.data, c.profile.identity); err != nil {
		return nil, err
	}
	if c.profile.generation == Generation1 {
		return c.exactly(ctx, 0, identitySize, nil)
	}
	return c.readObject(ctx, tagIdentity, maxIdentity, nil, nil)
}

// ReadSOD reads Files.SOD.
func (c *Card) ReadSOD(ctx context.Context) ([]byte, error) {
	raw, err := c.readSOD(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the SOD: %w", err)
	}
	return raw, nil
}

// readSOD addresses the file by its short identifier where the directory is already the right one, and
// by its path where it is not or where the card does not know short identifiers.
func (c *Card) readSOD(ctx context.Context) ([]byte, error) {
	if err := c.in(ctx, c.profile.data); err != nil {
		return nil, err
	}
	var head []byte
	if c.inData || c.profile.generation == Generation2024 {
		var err error
		head, err = iso7816.ReadBinarySFI(ctx, c.t, c.profile.sodSFI, iso7816.MaxShortLe)
		var status *iso7816.StatusError
		if err != nil && !errors.As(err, &status) {
			return nil, err
		}
	}
	if len(head) == 0 {
		if err := c.selectFile(ctx, c.profile.sod); err != nil {
			return nil, err
		}
	}
	return c.readObject(ctx, tagSOD, maxSOD, head, nil)
}

// ReadCertificate reads Files.Certificate, the holder's authentication certificate.
func (c *Card) ReadCertificate(ctx context.Context) ([]byte, error) {
	raw, err := c.readCertificate(ctx, c.profile.certificate)
	if err != nil {
		return nil, fmt.Errorf("reading the authentication certificate: %w", err)
	}
	return raw, nil
}

func (c *Card) readCertificate(ctx context.Context, p path) ([]byte, error) {
	if err := c.enter(ctx, c.profile.eid, p); err != nil {
		return nil, err
	}
	return c.readObject(ctx, tagCertificate, maxCertificate, nil, nil)
}

// ReadIssuers reads Files.Issuers: the CA certificates that the card carries, for chains that the
// configured store cannot complete. Cards of 2024 may have none, which is no error.
func (c *Card) ReadIssuers(ctx context.Context) ([][]byte, error) {
	var issuers [][]byte
	for _, p := range c.profile.issuers {
		der, err := c.readCertificate(ctx, p)
		switch {
		case err == nil:
			issuers = append(issuers, der)
		case errors.Is(err, iso7816.ErrNotFound), errors.Is(err, ErrMalformed):
			// Absent, or an empty space: the chain has to come from elsewhere.
		default:
			return nil, fmt.Errorf("reading the issuers' certificates: %w", err)
		}
	}
	return issuers, nil
}

// Portrait is what ReadPhoto reads, named as in Files.
type Portrait struct {
	Photo   []byte // nil when the card has none
	MRZ     []byte // first generation only
	CardKey []byte // first generation only
}

// ReadPhoto reads the photograph and, in the first generation, the MRZ and the card's key that lie
// before it. progress, when not nil, is told after each piece how many bytes of how many were read.
func (c *Card) ReadPhoto(ctx context.Context, progress func(done, total int)) (Portrait, error) {
	read := c.readPhotoFirst
	if c.profile.generation == Generation2024 {
		read = c.readPhotoSecond
	}
	portrait, err := read(ctx, progress)
	if err != nil {
		return Portrait{}, fmt.Errorf("reading the photograph: %w", err)
	}
	return portrait, nil
}

func (c *Card) readPhotoFirst(ctx context.Context, progress func(done, total int)) (Portrait, error) {
	if err := c.enter(ctx, c.profile.data, c.profile.identity); err != nil {
		return Portrait{}, err
	}
	// One piece holds MRZ, key and the beginning of the photograph's template, which says how long it is.
	head, err := iso7816.ReadBinary(ctx, c.t, identitySize, identitySize+iso7816.MaxShortLe, nil)
	if err != nil && !errors.Is(err, iso7816.ErrEndOfFile) {
		return Portrait{}, err
	}
	const photoAt = cardKeyEnd - identitySize
	if len(head) < photoAt {
		return Portrait{}, fmt.Errorf("%w: file ends within the card's key", ErrMalformed)
	}
	portrait := Portrait{MRZ: head[:mrzEnd-identitySize], CardKey: head[mrzEnd-identitySize : photoAt]}
	photo := head[photoAt:]
	if len(bytes.Trim(photo, "\x00")) == 0 {
		return portrait, nil
	}
	h, err := iso7816.ReadHeader(photo)
	if err != nil || h.Tag != tagGroup || cardKeyEnd+h.Total() > maxPhoto {
		return Portrait{}, fmt.Errorf("%w: template of the photograph", ErrMalformed)
	}
	total := len(head) - len(photo) + h.Total()
	report := reporter(progress, len(head), total)
	report(0)
	at := identitySize + len(head)
	rest, err := iso7816.ReadBinary(ctx, c.t, at, max(at, cardKeyEnd+h.Total()), report)
	// The template's length may include padding that the file has no room for. Missing bytes are
	// zeros, which the hash leaves out; if they were not zeros, the hash would not match.
	if err != nil && !errors.Is(err, iso7816.ErrEndOfFile) {
		return Portrait{}, err
	}
	photo = append(photo, rest...)
	portrait.Photo = bytes.TrimRight(photo[:min(len(photo), h.Total())], "\x00")
	return portrait, nil
}

func (c *Card) readPhotoSecond(ctx context.Context, progress func(done, total int)) (Portrait, error) {
	err := c.enter(ctx, c.profile.data, photo2024)
	if errors.Is(err, iso7816.ErrNotFound) {
		return Portrait{}, nil
	}
	if err != nil {
		return Portrait{}, err
	}
	photo, err := c.readObject(ctx, tagFace, maxPhoto, nil, progress)
	return Portrait{Photo: photo}, err
}

// enter selects an application, when it is another one, and a file in it.
func (c *Card) enter(ctx context.Context, a application, p path) error {
	if err := c.in(ctx, a); err != nil {
		return err
	}
	return c.selectFile(ctx, p)
}

// readObject reads the current file's one data object exactly: a first piece (head, when it is there
// already) tells the length, then comes what is missing of it. Space behind the object is not read.
func (c *Card) readObject(ctx context.Context, tag iso7816.Tag, most int, head []byte,
	progress func(done, total int),
) ([]byte, error) {
	if len(head) == 0 {
		var err error
		head, err = iso7816.ReadBinary(ctx, c.t, 0, iso7816.ReadSize(c.t), nil)
		if err != nil && (!errors.Is(err, iso7816.ErrEndOfFile) || len(head) == 0) {
			return nil, err
		}
	}
	h, err := iso7816.ReadHeader(head)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if h.Tag != tag || h.Total() > most {
		return nil, fmt.Errorf("%w: tag %X of %d bytes", ErrMalformed, uint32(h.Tag), h.Total())
	}
	total := h.Total()
	if total <= len(head) {
		return head[:total], nil
	}
	report := reporter(progress, len(head), total)
	report(0)
	rest, err := c.exactly(ctx, len(head), total, report)
	if err != nil {
		return nil, err
	}
	return append(head, rest...), nil
}

// exactly reads [from, to) of the current file. A file that ends before to is ErrMalformed, unless
// not one byte of it can be read: then the card's status is returned as it is.
func (c *Card) exactly(ctx context.Context, from, to int, chunk func(n int)) ([]byte, error) {
	b, err := iso7816.ReadBinary(ctx, c.t, from, to, chunk)
	if errors.Is(err, iso7816.ErrEndOfFile) && from+len(b) > 0 {
		return nil, fmt.Errorf("%w: file ends early: %w", ErrMalformed, err)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// reporter adds up pieces for a progress function, which may be nil.
func reporter(progress func(done, total int), done, total int) func(n int) {
	return func(n int) {
		done += n
		if progress != nil {
			progress(min(done, total), total)
		}
	}
}
