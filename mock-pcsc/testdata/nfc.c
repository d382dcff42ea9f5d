/* Lets programs for libnfc use a reader of pcscd: preloaded, it stands in for the functions of libnfc that
 * Debian's mrtdreader calls. The first reader with a card is the device.
 */
#include <PCSC/winscard.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SCARDCONTEXT context;
static SCARDHANDLE card;
static DWORD protocol;

void nfc_init(void **ctx)
{
    *ctx = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) == SCARD_S_SUCCESS ? &context : NULL;
}

void nfc_exit(void *ctx)
{
    (void)ctx;
    SCardReleaseContext(context);
}

size_t nfc_list_devices(void *ctx, char devices[][1024], size_t room)
{
    (void)ctx;
    if (room > 0)
        strcpy(devices[0], "pcscd");
    return room > 0;
}

void *nfc_open(void *ctx, const char *device)
{
    char readers[4096];
    DWORD size = sizeof readers;
    (void)ctx;
    (void)device;
    if (SCardListReaders(context, NULL, readers, &size) != SCARD_S_SUCCESS)
        return NULL;
    for (char *name = readers; *name; name += strlen(name) + 1)
        if (SCardConnect(context, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol) == SCARD_S_SUCCESS)
            return &card;
    return NULL;
}

void nfc_close(void *device)
{
    (void)device;
    SCardDisconnect(card, SCARD_RESET_CARD);
}

const char *nfc_device_get_name(void *device)
{
    (void)device;
    return "pcscd";
}

int nfc_initiator_init(void *device)
{
    (void)device;
    return 0;
}

int nfc_device_set_property_bool(void *device, int property, bool value)
{
    (void)device;
    (void)property;
    (void)value;
    return 0;
}

/* The modulation is a struct of two ints by value, and the target is not looked at. */
struct modulation {
    int type, rate;
};

int nfc_initiator_select_passive_target(void *device, struct modulation m, const unsigned char *init, size_t n, void *target)
{
    (void)device;
    (void)m;
    (void)init;
    (void)n;
    (void)target;
    return 1;
}

int nfc_initiator_transceive_bytes(void *device, const unsigned char *command, size_t n, unsigned char *response, size_t room, int patience)
{
    unsigned char all[65538];
    DWORD got = sizeof all;
    (void)device;
    (void)patience;
    if (SCardTransmit(card, SCARD_PCI_T1, command, n, NULL, all, &got) != SCARD_S_SUCCESS || got > room)
        return -1;
    memcpy(response, all, got);
    return (int)got;
}

void nfc_perror(const void *device, const char *where)
{
    (void)device;
    fprintf(stderr, "%s: pcscd\n", where);
}
