using Mantle.Emulator.Kms.Iam;

namespace Mantle.Emulator.Kms.Keys;

/// <summary>A key and everything that is attached to it.</summary>
public sealed class KmsKey
{
    private readonly List<(string Text, IamPolicy Policy)> _policies = [];
    private int _staleReads;

    public required string Id { get; init; }

    public required string Account { get; init; }

    public required string Region { get; init; }

    public required KeyMaterial Material { get; init; }

    public required DateTimeOffset Created { get; init; }

    public string Description { get; set; } = "";

    public string Usage { get; init; } = "ENCRYPT_DECRYPT";

    public string Origin { get; init; } = "AWS_KMS";

    public bool IsMultiRegion { get; init; }

    /// <summary>The primary's ARN; null for a key that is no replica.</summary>
    public string? PrimaryArn { get; init; }

    public KeyState State { get; set; } = KeyState.Enabled;

    public DateTimeOffset? DeletionDate { get; set; }

    public int PendingWindowInDays { get; set; } = 30;

    public bool IsRotated { get; set; }

    public int RotationPeriodInDays { get; set; } = 365;

    public SortedDictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);

    public IList<KeyGrant> Grants { get; } = [];

    public string Arn => $"arn:aws:kms:{Region}:{Account}:key/{Id}";

    /// <summary>The policy that decides.</summary>
    public IamPolicy Policy => _policies[^1].Policy;

    /// <summary>The policy that decides, as KMS keeps it.</summary>
    public string PolicyText => _policies[^1].Text;

    /// <summary>How often it was put.</summary>
    public int PolicyVersions => _policies.Count;

    /// <summary>Puts a policy.</summary>
    /// <param name="text">JSON that was checked.</param>
    /// <param name="staleReads">How many reads still see the policy before: KMS is eventually consistent.</param>
    public void SetPolicy(string text, int staleReads = 0)
    {
        IamPolicy policy = IamPolicy.Parse(text, hasPrincipals: true);
        _policies.Add((KeptPolicy.Of(text), policy));
        _staleReads = _policies.Count > 1 ? staleReads : 0;
    }

    /// <summary>What GetKeyPolicy reads.</summary>
    public string ReadPolicy()
    {
        if (_staleReads == 0)
        {
            return PolicyText;
        }

        _staleReads--;
        return _policies[^2].Text;
    }
}
