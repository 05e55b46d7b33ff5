namespace Mantle.Service.Attestation;

/// <summary>The first byte of the broker's answer.</summary>
internal enum BrokerStatus : byte
{
    /// <summary>A document follows.</summary>
    Ok = 0,

    /// <summary>Asked too often.</summary>
    RateLimited = 1,

    /// <summary>The TPM failed.</summary>
    TpmFailed = 2,

    /// <summary>The request was not understood.</summary>
    BadRequest = 3,
}
