namespace Mantle.Unseal.Tpm;

/// <summary>How a command is authorised: the one authorisation that commands here have.</summary>
internal abstract class TpmSession
{
    /// <summary>Writes TPMS_AUTH_COMMAND and, if the session does that, encrypts the first parameter in place before.</summary>
    /// <param name="command">The command.</param>
    /// <param name="names">Names of all its handles, one behind the other.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="authValue">The secret of what the first handle names.</param>
    /// <param name="attributes">Which parameters are to be encrypted; a password session ignores it.</param>
    /// <param name="area">Takes the result.</param>
    public abstract void Authorize(TpmCode command, ReadOnlySpan<byte> names, Span<byte> parameters, ReadOnlySpan<byte> authValue, TpmSessionAttributes attributes, TpmBuffer area);

    /// <summary>Checks TPMS_AUTH_RESPONSE and decrypts the first parameter in place.</summary>
    /// <exception cref="Formats.Bytes.MalformedInputException">The response does not come from the other end of the session.</exception>
    public abstract void Accept(TpmCode command, TpmReply reply, ReadOnlySpan<byte> authValue, TpmSessionAttributes attributes);
}

/// <summary>TPMA_SESSION (TPM 2.0 part 2, 8.4).</summary>
[Flags]
internal enum TpmSessionAttributes : byte
{
    None = 0,
    Continue = 0x01,
    Decrypt = 0x20,
    Encrypt = 0x40,
}

/// <summary>TPM_RS_PW: the secret itself goes to the TPM (part 1, 19.4).</summary>
internal sealed class PasswordSession : TpmSession
{
    public override void Authorize(TpmCode command, ReadOnlySpan<byte> names, Span<byte> parameters, ReadOnlySpan<byte> authValue, TpmSessionAttributes attributes, TpmBuffer area) =>
        area.UInt32(TpmHandle.Password).UInt16(0).Byte((byte)TpmSessionAttributes.Continue).Sized(authValue);

    public override void Accept(TpmCode command, TpmReply reply, ReadOnlySpan<byte> authValue, TpmSessionAttributes attributes)
    {
        // Part 1, 19.4: empty nonce, the attributes, an empty HMAC. The command's response code was the answer; this proves nothing.
    }
}
