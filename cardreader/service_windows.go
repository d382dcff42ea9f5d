package cardreader

import (
	"context"
	"errors"
	"time"
	"unsafe"

	"github.com/ebfe/scard"
	"golang.org/x/sys/windows"
)

// systemCodes are errors of Windows itself that winscard passes on ([MS-ERREF] 2.2).
var systemCodes = map[scard.Error]error{
	scard.Error(windows.ERROR_INVALID_HANDLE):       ErrServiceGone, // handles die with the service that gave them
	scard.Error(windows.ERROR_BROKEN_PIPE):          ErrServiceGone,
	scard.Error(windows.ERROR_PROC_NOT_FOUND):       ErrServiceGone,
	scard.Error(windows.RPC_S_SERVER_UNAVAILABLE):   ErrServiceGone,
	scard.Error(windows.ERROR_ACCESS_DENIED):        ErrNotAuthorised,
	scard.Error(windows.ERROR_NO_MEDIA_IN_DRIVE):    ErrRemoved,
	scard.Error(windows.ERROR_BAD_COMMAND):          ErrRemoved, // the device is gone
	scard.Error(windows.ERROR_DEVICE_NOT_CONNECTED): ErrRemoved,
	scard.Error(windows.ERROR_GEN_FAILURE):          ErrTransport,
	scard.Error(windows.ERROR_IO_DEVICE):            ErrTransport,
	scard.Error(windows.ERROR_SEM_TIMEOUT):          ErrTransport,
}

// absent reports whether a state of SCardStatus says that no card is in: winscard's are numbers (winscard.h: SCARD_ABSENT
// 1, PRESENT 2 … SPECIFIC 6), not pcsclite's bits, which the binding knows.
func absent(state scard.State) bool { return state == 1 }

// causeOfEnd says why a service that was there is gone: usually the last reader was unplugged.
func causeOfEnd(err error) Cause { return causeOf(err) }

// causeOf says why the service could not be reached. Windows starts it with the first reader, unless it is disabled, and
// ends it after the last.
func causeOf(err error) Cause {
	if errors.Is(classify(err), ErrNotAuthorised) {
		return NotAuthorised
	}
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return ServiceStopped
	}
	defer func() { _ = windows.CloseServiceHandle(manager) }()
	service, err := windows.OpenService(manager, windows.StringToUTF16Ptr("SCardSvr"), windows.SERVICE_QUERY_STATUS|windows.SERVICE_QUERY_CONFIG)
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return ServiceMissing
	}
	if err != nil {
		return ServiceStopped
	}
	defer func() { _ = windows.CloseServiceHandle(service) }()
	var status windows.SERVICE_STATUS
	if windows.QueryServiceStatus(service, &status) != nil || status.CurrentState == windows.SERVICE_RUNNING || disabled(service) {
		return ServiceStopped
	}
	return awaitsReader
}

// disabled reports whether Windows does not start a service, as far as it says.
func disabled(service windows.Handle) bool {
	var room [8 << 10]byte // the most that Windows writes
	config := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&room[0]))
	var needed uint32
	err := windows.QueryServiceConfig(service, config, uint32(len(room)), &needed)
	return err != nil || config.StartType == windows.SERVICE_DISABLED
}

// serviceRetry is how often the service is tried. Windows starts it when a reader is plugged in.
const serviceRetry = time.Second

type doorbell struct{}

// awaitService returns what tells when it is worth trying to reach the service again.
func awaitService() doorbell { return doorbell{} }

func (doorbell) wait(ctx context.Context, _ Cause) error { return sleep(ctx, serviceRetry) }

func (doorbell) close() {}
