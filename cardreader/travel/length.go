package travel

import (
	"context"

	"balcao/cardreader/iso7816"
)

// Sizes of answers, with their status, and of reads.
const (
	shortAnswer    = 256 + 2
	extendedAnswer = 65536 + 2

	// shortRead is what fits a short answer under 3DES; AES, whose blocks are longer, has room for 223.
	shortRead = 231
	// usualRead is what most readers ask for, so most chips are known to support it.
	usualRead = 223
	// leastRead is what is tried last.
	leastRead = 96
	// maxRead bounds an extended read: no faster with more, and the clerk sees how far it is.
	maxRead = 16 << 10
)

// answerLimit finds out how long an answer the chip can give (ISO/IEC 7816-4 §8.1.1.2.7, §12.7.1): by the card
// capabilities in the historical bytes, by EF.ATR/INFO where they point there or say nothing. That file is looked for in the
// master file alone: its short identifier would find the holder's data in the application.
func (c *Chip) answerLimit(ctx context.Context) (int, error) {
	if !c.o.Extended {
		return shortAnswer, nil
	}
	capabilities := capabilitiesOf(historicalBytes(c.o.ATR))
	claims := len(capabilities) == 3 && capabilities[2]&0x40 != 0
	if len(capabilities) == 3 && !claims || !c.inMaster && !claims {
		return shortAnswer, nil
	}
	if c.inMaster && (!claims || capabilities[2]&0x20 != 0) {
		info, err := c.readATRInfo(ctx)
		if err != nil {
			return 0, err
		}
		if limit := parseATRInfo(info); limit > 0 {
			return limit, nil
		}
	}
	if claims {
		return extendedAnswer, nil
	}
	return shortAnswer, nil
}

// readATRInfo reads EF.ATR/INFO; nil when the chip has none.
func (c *Chip) readATRInfo(ctx context.Context) ([]byte, error) {
	err := selectFile(ctx, c.t, 0x2F01)
	if isStatus(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := iso7816.ReadBinary(ctx, c.t, 0, iso7816.MaxShortLe, nil)
	if !isAnswer(err) {
		return nil, err
	}
	return info, nil
}

// parseATRInfo returns how long an answer EF.ATR/INFO allows: 7F66 with two numbers, most bytes of a command and of an
// answer. 0 when it does not say; the card capabilities in 47 may say that there is no limit.
func parseATRInfo(info []byte) int {
	limit := 0
	for len(info) > 0 {
		object, rest, err := iso7816.Next(info)
		if err != nil {
			return limit // padding behind the objects
		}
		info = rest
		switch object.Tag {
		case 0x7F66:
			numbers, err := iso7816.Parse(object.Value)
			if err != nil || len(numbers) != 2 || len(numbers[1].Value) > 4 {
				continue
			}
			n := 0
			for _, b := range numbers[1].Value {
				n = n<<8 | int(b)
			}
			return min(max(n, shortAnswer), extendedAnswer)
		case 0x47:
			if len(object.Value) == 3 && object.Value[2]&0x40 != 0 && limit == 0 {
				limit = extendedAnswer
			}
		}
	}
	return limit
}

// historicalBytes takes them out of an answer to reset (ISO/IEC 7816-3 §8.2); nil when it is none.
func historicalBytes(atr []byte) []byte {
	if len(atr) < 2 {
		return nil
	}
	n, at := int(atr[1]&0x0F), 2
	for indicator := atr[1]; ; {
		for bit := byte(0x10); bit < 0x80; bit <<= 1 {
			if indicator&bit != 0 {
				at++
			}
		}
		if indicator&0x80 == 0 {
			break
		}
		if at >= len(atr) {
			return nil
		}
		indicator = atr[at]
		at++
	}
	if at+n > len(atr) {
		return nil
	}
	return atr[at : at+n]
}

// capabilitiesOf finds the card capabilities in historical bytes that are compact data objects (ISO/IEC 7816-4 §12.1.1);
// nil when they are not there.
func capabilitiesOf(historical []byte) []byte {
	if len(historical) == 0 {
		return nil
	}
	objects := historical[1:]
	switch historical[0] {
	case 0x80:
	case 0x00:
		objects = objects[:max(0, len(objects)-3)] // a status indicator ends them
	default:
		return nil
	}
	for len(objects) > 0 {
		n := int(objects[0] & 0x0F)
		if n >= len(objects) {
			return nil
		}
		if objects[0]>>4 == 7 {
			return objects[1 : 1+n]
		}
		objects = objects[1+n:]
	}
	return nil
}

// sizes are the reads to try, largest first: what the longest answer has room for, then what a short one has, then
// less, for chips and readers that do not manage even that. A session may have less room than the first of them.
func sizes(limit, bound int) []int {
	ladder := []int{shortRead, usualRead, 160, leastRead}
	if limit > shortAnswer {
		ladder = append([]int{min(limit, maxRead)}, ladder...)
	}
	if bound > 0 {
		for len(ladder) > 1 && ladder[0] > bound {
			if ladder[1] < bound {
				ladder[0] = bound
				break
			}
			ladder = ladder[1:]
		}
	}
	return ladder
}

// readSize is the size in use: the first of those left, as far as the session has room.
func (c *Chip) readSize() int {
	if c.session == nil {
		return c.ladder[0]
	}
	room := shortAnswer
	if c.ladder[0] > shortRead {
		room = c.limit
	}
	size := min(c.ladder[0], c.session.MaxRead(room))
	if size == iso7816.MaxShortLe {
		size-- // 256 would be asked for in a short command, whose answer has no room for it
	}
	return size
}

// shrink takes the next size that is smaller, if there is one.
func (c *Chip) shrink() bool {
	for used := c.readSize(); len(c.ladder) > 1; {
		c.ladder = c.ladder[1:]
		if c.ladder[0] < used {
			return true
		}
	}
	return false
}

// learn lowers the size when the chip returned less than was asked for although there was more.
func (c *Chip) learn(given int) {
	if len(c.ladder) > 1 && given > c.ladder[1] {
		c.ladder[0] = given
	}
}
