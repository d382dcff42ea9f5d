package country

import "balcao/kiosk/trust/icao"

// ParseMasterList reads a CscaMasterList as ReadMasterList does. It is parsed only after its signature was verified, so
// fuzzing reaches it from here.
func ParseMasterList(der []byte) ([]*icao.Certificate, error) {
	var l MasterList
	err := l.read(der)
	return l.Certificates, err
}
