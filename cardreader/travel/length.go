package travel

import (
	"context"

	"balcao/cardreader/iso7816"
)

// Sizes of answers, with their status, and of reads.
const (
	shortAnswer    = 256 + 2
	extendedAnswer = 65536 + 2

	// shortRead is what fits a short answer under AES. 3DES would have room for eight bytes more, but 223 is what
	// every reader in the field asks for, so what every chip was tried with.
	shortRead = 223
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

// sizes are the reads to try, largest first: what the answer has room for, then the one that is safe, then
// less, for chips and readers that do not manage even that.
func sizes(limit, bound int) []int {
	ladder := []int{shortRead, 160, leastRead}
	if limit > shortAnswer {
		// 19 bytes of secure messaging, a block of padding, and the status.
		ladder = append([]int{min(max(limit-2-19-16, shortRead), maxRead)}, ladder...)
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
