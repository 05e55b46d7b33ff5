namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>Response codes (TPM 2.0 part 2, 6.6). Those of format one get the number of the handle, session or parameter added.</summary>
public static class NitroCode
{
    public const uint Success = 0;
    public const uint Failure = 0x101;
    public const uint AuthorizationType = 0x124;
    public const uint AuthorizationMissing = 0x125;
    public const uint CommandSize = 0x142;
    public const uint NvRange = 0x146;
    public const uint NvAuthorization = 0x149;
    public const uint NvUninitialized = 0x14a;
    public const uint NvDefined = 0x14c;
    public const uint Yielded = 0x908;
    public const uint Retry = 0x922;

    internal const uint Attributes = 0x082;
    internal const uint Value = 0x084;
    internal const uint Hierarchy = 0x085;
    internal const uint Handle = 0x08b;
    internal const uint AuthorizationFail = 0x08e;
    internal const uint Size = 0x095;
    internal const uint BadAuthorization = 0x0a2;

    /// <summary>About handle n, from 1.</summary>
    public static uint OfHandle(uint code, int number) => code | ((uint)number << 8);

    /// <summary>About session n, from 1.</summary>
    public static uint OfSession(uint code, int number) => code | 0x800 | ((uint)number << 8);

    /// <summary>About parameter n, from 1.</summary>
    public static uint OfParameter(uint code, int number) => code | 0x40 | ((uint)number << 8);
}

/// <summary>A command that is refused.</summary>
internal sealed class NitroRefusedException(uint code) : Exception($"response code 0x{code:x}")
{
    public uint Code { get; } = code;
}
