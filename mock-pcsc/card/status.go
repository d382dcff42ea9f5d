package card

// Status is the status word at the end of a response (ISO/IEC 7816-4 §5.6).
type Status uint16

// Status words that these cards use.
const (
	statusOK              Status = 0x9000
	statusMore            Status = 0x6100 // low byte: bytes still there, 00 for 256 and more
	statusEndOfFile       Status = 0x6282
	statusTries           Status = 0x63c0 // low nibble: tries left
	statusWrongLength     Status = 0x6700
	statusNoChannel       Status = 0x6881
	statusNoSecureChannel Status = 0x6882
	statusNoChaining      Status = 0x6884
	statusSecurity        Status = 0x6982
	statusBlocked         Status = 0x6983
	statusConditions      Status = 0x6985
	statusNoCurrentEF     Status = 0x6986
	statusWrongData       Status = 0x6a80
	statusFileNotFound    Status = 0x6a82
	statusNoSpace         Status = 0x6a84
	statusWrongP1P2       Status = 0x6a86
	statusNotFound        Status = 0x6a88
	statusBeyondEnd       Status = 0x6b00
	statusRightLength     Status = 0x6c00 // low byte: the length to ask for
	statusUnknownINS      Status = 0x6d00
	statusUnknownCLA      Status = 0x6e00
)

func (s Status) after(data []byte) []byte {
	return append(append(make([]byte, 0, len(data)+2), data...), byte(s>>8), byte(s))
}

func (s Status) alone() []byte { return []byte{byte(s >> 8), byte(s)} }
