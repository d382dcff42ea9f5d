package vpcd

import "time"

// T=1 as ISO/IEC 7816-3 §11 has it: each character takes 12 elementary time units (start bit,
// eight data bits, parity and two of guard time), each block carries 4 characters of framing
// (NAD, PCB, LEN, LRC) and at most 254 of data (the IFSC of these cards), and each block but the
// last of a chain is acknowledged by a block of 4 characters the other way.
const (
	unitsPerCharacter = 12
	blockFraming      = 4
	blockData         = 254
)

// lineTime is how long n bytes of an APDU occupy a card line of rate bit/s. Waiting times between
// blocks are left out, so it is the least that a real line could take.
func lineTime(n, rate int) time.Duration {
	if rate <= 0 {
		return 0
	}
	blocks := max(1, (n+blockData-1)/blockData)
	characters := n + blocks*blockFraming + (blocks-1)*blockFraming
	return time.Duration(characters) * unitsPerCharacter * time.Second / time.Duration(rate)
}
