namespace Mantle.Unseal.Tpm;

/// <summary>What response codes mean to a client of NitroTPM (TPM 2.0 part 2, 6.6; part 1, 39.4).</summary>
internal static class TpmResponseCode
{
    public const uint NvDefined = 0x14c;

    private const uint AuthType = 0x124, AuthMissing = 0x125, AuthUnavailable = 0x12f, AuthContext = 0x145;
    private const uint ObjectMemory = 0x902, SessionMemory = 0x903, SessionHandles = 0x905;
    private const uint Yielded = 0x908, Canceled = 0x909, Testing = 0x90a, NvRate = 0x920, Retry = 0x922;

    /// <summary>The TPM asks for the same command again.</summary>
    public static bool IsBusy(uint code) => code is Yielded or Canceled or Testing or NvRate or Retry;

    /// <summary>Sessions or keys of a client that is gone fill the TPM.</summary>
    public static bool IsFull(uint code) => code is ObjectMemory or SessionMemory or SessionHandles;

    /// <summary>
    /// Whether a password session was told that it is one. No code is documented for that. So it is taken to be meant by the four codes that are about the kind of
    /// authorisation, and by every code of format one (bit 7) that faults a session (bit 11, not the parameter bit 6): the secret was right, since this program made it up
    /// a moment ago, so that nothing is left that could be wrong about the session but its kind.
    /// </summary>
    public static bool AsksForSession(uint code) => code is AuthType or AuthMissing or AuthUnavailable or AuthContext || (code & 0x8c0) == 0x880;
}

/// <summary>The TPM refused a command.</summary>
internal sealed class TpmRefusedException(TpmCode command, uint code) : Exception($"{command}: 0x{code:x}")
{
    public uint Code { get; } = code;
}
