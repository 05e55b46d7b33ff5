using Mantle.Formats.Cose;

namespace Mantle.Measure.Attestation;

/// <summary>
/// The shape of the module identifiers that AWS issues: instance, then which TPM or which enclave of it, <c>i-01cfb383223e42522-tpm0000000000000000</c> or
/// <c>i-0827e799ec9232d44-enc019b55a68bd2ed4b</c>. No specification states it; every real document has it.
/// </summary>
internal static class ModuleId
{
    private const int DeviceDigits = 16;

    /// <summary>Whether the identifier is that of a module of this kind.</summary>
    public static bool IsOf(AttestationKind kind, string moduleId) =>
        moduleId.Split('-') is ["i", string instance, string device]
        && instance.Length is 8 or 17 && IsLowerHex(instance)
        && device.StartsWith(Prefix(kind), StringComparison.Ordinal)
        && device.Length == Prefix(kind).Length + DeviceDigits && IsLowerHex(device[Prefix(kind).Length..]);

    private static string Prefix(AttestationKind kind) => kind == AttestationKind.NitroTpm ? "tpm" : "enc";

    private static bool IsLowerHex(string text) => text.All(letter => letter is (>= '0' and <= '9') or (>= 'a' and <= 'f'));
}
