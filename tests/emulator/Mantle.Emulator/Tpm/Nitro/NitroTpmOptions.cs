using Mantle.Formats.Cose;
using Mantle.Testing;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>How commands on an NV index may be authorised.</summary>
public enum NitroSessions
{
    /// <summary>By password or by HMAC, as NitroTPM does.</summary>
    Both,

    /// <summary>A password session is refused: a client has to salt a session to the endorsement key.</summary>
    HmacOnly,
}

/// <summary>What a <see cref="NitroTpm"/> is to be.</summary>
public sealed record NitroTpmOptions
{
    /// <summary>Whose certificates documents carry. Its leaf has to be valid: <see cref="NitroPki.At"/>.</summary>
    public required NitroPki Authority { get; init; }

    /// <summary>The clock of documents.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public NitroSessions Sessions { get; init; }

    /// <summary>What a refused password session is told. AWS documents no code; TPM_RC_AUTH_TYPE is what a TPM says to the wrong kind of authorisation.</summary>
    public uint PasswordRefusal { get; init; } = NitroCode.AuthorizationType;

    /// <summary>Changes what a document says before it is signed.</summary>
    public Func<AttestationDocument, AttestationDocument>? RewriteContent { get; init; }

    /// <summary>Changes a signed document.</summary>
    public Func<byte[], byte[]>? RewriteDocument { get; init; }

    /// <summary>Changes the whole answer in the index, CBOR.</summary>
    public Func<byte[], byte[]>? RewriteAnswer { get; init; }

    /// <summary>NV indexes that a client left behind when it crashed.</summary>
    public IReadOnlyList<uint> StaleIndexes { get; init; } = [];
}
