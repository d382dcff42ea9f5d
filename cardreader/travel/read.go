package travel

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/secure"
)

var (
	// errReadSize says that a read was refused in a way that a smaller one may not be.
	errReadSize = errors.New("chip refused the size of a read")
	// errShortIdentifier says that a read by short identifier was refused in clear, which ends the session, in a way that
	// SELECT and READ BINARY in a new one may not be.
	errShortIdentifier = errors.New("chip refused a short file identifier")
)

// leastPiece is the fewest bytes that a read in the middle of a file may bring. A chip that gives less
// would keep the reader busy for hours with a file of a permitted size.
const leastPiece = 64

// Read reads one file of the application, exactly as long as it says it is. progress, when not nil, is told after each
// piece how many bytes of how many there are. ErrNoFile when the chip does not have it; ErrMalformed when it
// is no such file or impossibly long; ErrLocked without Unlock.
//
// A chip or a reader that refuses the size of a read, or a short identifier in clear, has ended the session by that: the
// chip is unlocked anew, with the chip authentication that it had, and the file is read in smaller pieces, or selected.
func (c *Chip) Read(ctx context.Context, f File, progress func(done, total int)) ([]byte, error) {
	spec, ok := files[f]
	if !ok {
		return nil, fmt.Errorf("travel: no file %d", int(f))
	}
	for {
		content, err := c.readInApplication(ctx, spec, progress)
		switch {
		case err == nil:
			if f == DG15 {
				c.noteSignature(content)
			}
			return content, nil
		case !c.adapt(err):
			return nil, fmt.Errorf("reading %s: %w", spec.name, err)
		}
		if err := c.reopen(ctx); err != nil {
			return nil, fmt.Errorf("reading %s: %w", spec.name, err)
		}
	}
}

// adapt reports whether what was refused can be done in another way in a new session, and takes that way from now on.
func (c *Chip) adapt(err error) bool {
	switch {
	case errors.Is(err, errShortIdentifier):
		c.noSFI = true
		return true
	case errors.Is(err, errReadSize):
		return c.shrink()
	}
	return false
}

func (c *Chip) readInApplication(ctx context.Context, spec fileSpec, progress func(done, total int)) ([]byte, error) {
	if c.session == nil || c.session.Ended() {
		return nil, ErrLocked
	}
	if !c.inApplication {
		if err := c.selectApplication(ctx); err != nil {
			if errors.Is(err, iso7816.ErrNotFound) && !errors.Is(err, ErrSecureMessaging) {
				return nil, ErrNotTravelDocument
			}
			return nil, err
		}
	}
	return c.readFile(ctx, spec, progress)
}

// readFile reads a file of the current directory inside the session.
func (c *Chip) readFile(ctx context.Context, spec fileSpec, progress func(done, total int)) ([]byte, error) {
	content, err := c.readHead(ctx, spec)
	if err != nil {
		return nil, err
	}
	most := maxFile
	if spec.face {
		most = c.o.MaxFile
	}
	h, err := iso7816.ReadHeader(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	total := h.Total()
	if h.Tag != spec.tag || total > most {
		return nil, fmt.Errorf("%w: tag %X of %d bytes", ErrMalformed, uint32(h.Tag), total)
	}
	if len(content) > total {
		content = content[:total:total] // what is behind the object is the file's, not the object's
	}
	if len(content) < min(total, c.readSize()) {
		c.learn(len(content))
	}
	for {
		if progress != nil {
			progress(len(content), total)
		}
		if len(content) == total {
			return content, nil
		}
		piece, err := c.readPiece(ctx, len(content), total-len(content))
		if err != nil {
			return nil, err
		}
		content = append(content, piece...)
	}
}

// readHead reads the first piece, as large as any, and makes the file the current one: by its short
// identifier, or by SELECT where the chip knows none.
func (c *Chip) readHead(ctx context.Context, spec fileSpec) ([]byte, error) {
	size := c.readSize()
	if !c.noSFI {
		head, err := c.send(ctx, iso7816.Command{INS: 0xB0, P1: 0x80 | spec.sfi, Le: size})
		if len(head) > 0 && !isFatal(err) {
			return c.piece(head, size)
		}
		if sw, inClear := secure.Refusal(err); inClear && selectInstead(&iso7816.StatusError{SW: sw}) {
			return nil, fmt.Errorf("%w: %w", errShortIdentifier, err)
		}
		if errors.Is(err, ErrSecureMessaging) || !selectInstead(err) {
			return nil, c.explainHead(err, size)
		}
	}
	_, err := c.send(ctx, iso7816.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{byte(spec.id >> 8), byte(spec.id)}})
	switch {
	case errors.Is(err, ErrSecureMessaging):
		return nil, err
	case errors.Is(err, iso7816.ErrNotFound):
		return nil, ErrNoFile
	case err != nil:
		return nil, err
	}
	head, err := c.send(ctx, iso7816.Command{INS: 0xB0, Le: size})
	if len(head) == 0 || isFatal(err) {
		return nil, c.explainHead(err, size)
	}
	c.noSFI = true
	return c.piece(head, size)
}

// readPiece reads on at an offset, up to left bytes.
func (c *Chip) readPiece(ctx context.Context, offset, left int) ([]byte, error) {
	size := c.readSize()
	asked := min(size, left)
	if offset > iso7816.MaxOffset {
		asked = min(size, left+4) // the odd instruction's answer has a header
	}
	if asked == iso7816.MaxShortLe {
		asked++ // as in readSize
	}
	piece, err := iso7816.ReadBinaryAt(ctx, inside{c}, offset, asked)
	if len(piece) == 0 || isFatal(err) {
		return nil, c.explain(err, asked)
	}
	piece = piece[:min(len(piece), left)]
	if len(piece) < min(asked-4, left, leastPiece) {
		return nil, fmt.Errorf("%w: the chip returns too few bytes in a read", ErrMalformed)
	}
	if len(piece) < min(asked-4, left) {
		c.learn(len(piece))
	}
	return c.piece(piece, asked)
}

// piece remembers what the chip can do.
func (c *Chip) piece(piece []byte, asked int) ([]byte, error) {
	if len(piece) > asked {
		return nil, fmt.Errorf("%w: %d bytes came for the %d asked", ErrMalformed, len(piece), asked)
	}
	c.proven = max(c.proven, len(piece))
	return piece, nil
}

// isFatal reports whether an error ends the read. 6282 beside data does not: the file is shorter
// than what was asked.
func isFatal(err error) bool { return err != nil && !errors.Is(err, iso7816.ErrEndOfFile) }

// selectInstead reports whether a chip may know the file by its identifier though not by the short one. 6A82 is among
// them: chips without short identifiers answer it as well as chips without the file. Applets that look at nothing but
// whether a file was selected answer 6985 or 6986.
func selectInstead(err error) bool {
	return slices.ContainsFunc([]error{
		iso7816.ErrNotFound, iso7816.ErrParameters, iso7816.ErrNotSupported, iso7816.ErrNoCurrentFile, iso7816.ErrConditions,
	}, func(meaning error) bool { return errors.Is(err, meaning) })
}

// explainHead is explain where nothing of the file was read: a chip that says that it ends there has no such file.
func (c *Chip) explainHead(err error, asked int) error {
	if err = c.explain(err, asked); errors.Is(err, errEndsEarly) {
		return fmt.Errorf("%w: it is empty", ErrNoFile)
	}
	return err
}

// errEndsEarly says that a file ends before the length that its beginning states.
var errEndsEarly = fmt.Errorf("%w: file ends early", ErrMalformed)

// explain decides what a read without data means: that it was too large, or that the file ends before it should.
// Chips report the former in many ways: 6700, 6Cxx, 6B00, 6282 with nothing, nothing at all; with
// or without ending the session. A size that has worked before cannot be the reason.
func (c *Chip) explain(err error, asked int) error {
	untried := asked > c.proven && asked > c.ladder[len(c.ladder)-1]
	sw, inClear := secure.Refusal(err)
	switch {
	case inClear && untried && sizeCanBeWrong(sw):
		return errReadSize
	case errors.Is(err, ErrSecureMessaging):
		return err
	case err == nil, errors.Is(err, iso7816.ErrEndOfFile):
		if untried {
			return errReadSize
		}
		return errEndsEarly
	case errors.Is(err, iso7816.ErrWrongLength) && untried:
		return errReadSize
	}
	return err
}

// sizeCanBeWrong leaves out of the refusals in clear those with a meaning of their own (ISO/IEC 7816-4 §5.6): that a
// command is not allowed (69xx, with 6985 and secure messaging itself, 6987 and 6988), that there is no such file or
// command, and 9000, which is no refusal.
func sizeCanBeWrong(sw iso7816.SW) bool {
	return sw != 0x9000 && sw>>8 != 0x69 && sw != 0x6A82 && sw>>8 != 0x6D && sw>>8 != 0x6E && sw>>8 != 0x68
}
