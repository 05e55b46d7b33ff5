using System.Net;

namespace Mantle.Service;

/// <summary>What the command line may say. There is no configuration file and no environment variable.</summary>
/// <param name="Listen">Address and TCP port of the HTTPS listener; port 0 lets the kernel choose.</param>
/// <param name="TpmFolder">The sysfs folder of the TPM, which holds <c>pcr-sha256/0</c> and its siblings.</param>
/// <param name="Weights">The model's file, or null for none. A file that is not there is none either: an image without a volume still says how it is.</param>
/// <param name="Attestation">The socket of the attestation broker, or null for none.</param>
internal sealed record ServiceOptions(IPEndPoint Listen, string TpmFolder, string? Weights = null, string? Attestation = null)
{
    /// <summary>False if an option is unknown, repeated, without a value or has one that cannot be meant.</summary>
    public static bool TryParse(ReadOnlySpan<string> arguments, out ServiceOptions options)
    {
        IPEndPoint? listen = null;
        string? tpmFolder = null;
        string? weights = null;
        string? attestation = null;
        options = new ServiceOptions(new IPEndPoint(IPAddress.Any, 8443), "/sys/class/tpm/tpm0");
        if (arguments.Length % 2 != 0)
        {
            return false;
        }

        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = arguments[i + 1];
            switch (arguments[i])
            {
                // IPEndPoint takes a missing port for 0 and "1" for 0.0.0.1: only what it would itself print is meant.
                case "--listen" when listen is null && IPEndPoint.TryParse(value, out listen) && listen.ToString() == value:
                    break;
                case "--tpm-sysfs" when tpmFolder is null && value.StartsWith('/'):
                    tpmFolder = value;
                    break;
                case "--weights" when weights is null && value.StartsWith('/'):
                    weights = value;
                    break;
                case "--attestation" when attestation is null && value.StartsWith('/'):
                    attestation = value;
                    break;
                default:
                    return false;
            }
        }

        options = new ServiceOptions(listen ?? options.Listen, tpmFolder ?? options.TpmFolder, weights, attestation);
        return true;
    }
}
