using System.Text.RegularExpressions;
using Mantle.ImageBuilder.Launching;
using Mantle.Measure;
using YamlDotNet.RepresentationModel;

namespace Mantle.ImageBuilder.Tests.Launching;

/// <summary>Both forms hold what an appliance needs and nothing that lets a person in, and name only what the services document.</summary>
public partial class LaunchTemplateTests
{
    private const string KeyArn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    private static readonly LaunchRequest s_request = new()
    {
        Name = "sample", ImageId = "ami-0123456789abcdef0", KeyArn = KeyArn, Role = "sample-appliance", Port = 8443,
        Operations = ["kms:Decrypt", "kms:GenerateDataKey"], Snapshots = ["snap-0123456789abcdef0", "snap-0123456789abcdef1"],
    };

    /// <summary>Per resource type its documented properties that are allowed here; those with a star have to be there.</summary>
    private static readonly Dictionary<string, string> s_properties = new()
    {
        ["AWS::IAM::Role"] = "RoleName Description AssumeRolePolicyDocument* Policies*",
        ["AWS::IAM::InstanceProfile"] = "Roles*",
        ["AWS::IAM::ManagedPolicy"] = "Description PolicyDocument*",
        ["AWS::EC2::SecurityGroup"] = "GroupDescription* VpcId* SecurityGroupIngress SecurityGroupEgress*",
        ["AWS::EC2::SecurityGroupIngress"] = "GroupId* IpProtocol* FromPort* ToPort* SourceSecurityGroupId* Description",
        ["AWS::EC2::VPCEndpoint"] = "ServiceName* VpcEndpointType* VpcId* SubnetIds* SecurityGroupIds* PrivateDnsEnabled* PolicyDocument*",
        ["AWS::EC2::LaunchTemplate"] = "LaunchTemplateName LaunchTemplateData*",
        ["AWS::EC2::Instance"] = "LaunchTemplate*",
    };

    private static readonly Dictionary<string, string> s_nested = new()
    {
        ["LaunchTemplateData"] = "ImageId* InstanceType* IamInstanceProfile* MetadataOptions* InstanceInitiatedShutdownBehavior NetworkInterfaces* BlockDeviceMappings",
        ["MetadataOptions"] = "HttpEndpoint* HttpTokens* HttpPutResponseHopLimit* HttpProtocolIpv6 InstanceMetadataTags",
        ["IamInstanceProfile"] = "Arn*",
        ["NetworkInterfaces"] = "DeviceIndex* AssociatePublicIpAddress* SubnetId* Groups*",
        ["BlockDeviceMappings"] = "DeviceName* Ebs*",
        ["Ebs"] = "SnapshotId* VolumeType DeleteOnTermination*",
        ["SecurityGroupIngress"] = "IpProtocol* FromPort* ToPort* CidrIp* Description",
        ["SecurityGroupEgress"] = "IpProtocol* FromPort* ToPort* CidrIp DestinationSecurityGroupId Description",
        ["Statement"] = "Sid Effect* Principal Action* Resource Condition",
        ["PolicyDocument"] = "Version* Statement*",
        ["AssumeRolePolicyDocument"] = "Version* Statement*",
        ["Policies"] = "PolicyName* PolicyDocument*",
        ["LaunchTemplate"] = "LaunchTemplateId* Version*",
    };

    /// <summary>Terraform: per block its documented arguments and blocks.</summary>
    private static readonly Dictionary<string, string> s_arguments = new()
    {
        ["resource aws_iam_role"] = "name description assume_role_policy*",
        ["resource aws_iam_role_policy"] = "name role* policy*",
        ["resource aws_iam_instance_profile"] = "name role*",
        ["resource aws_iam_policy"] = "name description policy*",
        ["resource aws_ec2_serial_console_access"] = "enabled*",
        ["resource aws_security_group"] = "name description vpc_id*",
        ["resource aws_vpc_security_group_ingress_rule"] = "security_group_id* description ip_protocol* from_port* to_port* cidr_ipv4 referenced_security_group_id",
        ["resource aws_vpc_security_group_egress_rule"] = "security_group_id* description ip_protocol* from_port* to_port* referenced_security_group_id*",
        ["resource aws_vpc_endpoint"] = "service_name* vpc_endpoint_type* vpc_id* subnet_ids* security_group_ids* private_dns_enabled* policy*",
        ["resource aws_launch_template"] =
            "name image_id* instance_type* instance_initiated_shutdown_behavior update_default_version iam_instance_profile* metadata_options* network_interfaces* block_device_mappings",
        ["resource aws_instance"] = "depends_on* launch_template*",
        ["iam_instance_profile"] = "arn*",
        ["metadata_options"] = "http_endpoint* http_tokens* http_put_response_hop_limit* http_protocol_ipv6 instance_metadata_tags",
        ["network_interfaces"] = "device_index* associate_public_ip_address* subnet_id* security_groups*",
        ["block_device_mappings"] = "device_name* ebs*",
        ["ebs"] = "snapshot_id* volume_type delete_on_termination*",
        ["launch_template"] = "id* version*",
        ["variable"] = "type* description default validation",
        ["validation"] = "condition* error_message*",
        ["output"] = "description value*",
    };

    [Fact]
    public void The_cloudformation_template_holds_only_documented_properties_and_all_that_are_required()
    {
        YamlMappingNode root = Parse(CloudFormationTemplate.Write(s_request));
        YamlMappingNode resources = (YamlMappingNode)root["Resources"];
        HashSet<string> names = [.. resources.Children.Keys.Select(Text), .. ((YamlMappingNode)root["Parameters"]).Children.Keys.Select(Text)];
        foreach (YamlMappingNode resource in resources.Children.Values.Cast<YamlMappingNode>())
        {
            AssertMembers(s_properties[Text(resource["Type"])], (YamlMappingNode)resource["Properties"], Text(resource["Type"]));
            CheckNested((YamlMappingNode)resource["Properties"]);
        }

        foreach (YamlScalarNode reference in root.AllNodes.OfType<YamlScalarNode>().Where(node => node.Tag.ToString() is "!Ref" or "!GetAtt"))
        {
            Assert.Contains(Text(reference).Split('.')[0], names);
        }

        void CheckNested(YamlMappingNode node)
        {
            foreach ((YamlNode key, YamlNode value) in node.Children)
            {
                YamlMappingNode[] maps = value is YamlMappingNode map ? [map] : value is YamlSequenceNode list ? [.. list.OfType<YamlMappingNode>()] : [];
                foreach (YamlMappingNode inner in maps)
                {
                    if (s_nested.TryGetValue(Text(key), out string? allowed))
                    {
                        AssertMembers(allowed, inner, Text(key));
                    }

                    CheckNested(inner);
                }
            }
        }
    }

    [Fact]
    public void The_terraform_file_holds_only_documented_arguments_and_all_that_are_required()
    {
        string text = TerraformConfiguration.Write(s_request);
        HashSet<string> declared = [.. Declaration.Matches(text).Select(match => match.Groups[1].Value == "variable" ? $"var.{match.Groups[2].Value}" : $"{match.Groups[2].Value}.{match.Groups[3].Value}")];
        foreach (Match reference in Reference.Matches(text))
        {
            Assert.Contains(reference.Value, declared);
        }

        foreach ((string block, string[] members) in Blocks(text))
        {
            AssertMembers(s_arguments[block], members, block);
        }
    }

    [Theory]
    [InlineData("yaml")]
    [InlineData("hcl")]
    public void Nothing_lets_a_person_in_and_the_metadata_service_is_near(string form)
    {
        string text = form == "yaml" ? CloudFormationTemplate.Write(s_request) : TerraformConfiguration.Write(s_request);
        string flat = Regex.Replace(string.Concat(text.Split('\n').Where(line => !line.TrimStart().StartsWith('#'))), "[\\s\"_:=]", "").ToUpperInvariant();

        Assert.DoesNotContain("KEYNAME", flat, StringComparison.Ordinal);
        Assert.DoesNotContain("USERDATA", flat, StringComparison.Ordinal);
        Assert.DoesNotContain("0.0.0.0/0", flat, StringComparison.Ordinal);
        Assert.DoesNotContain("SSMMANAGED", flat, StringComparison.Ordinal);
        Assert.Contains("HTTPTOKENSREQUIRED", flat, StringComparison.Ordinal);
        Assert.Contains("HTTPPUTRESPONSEHOPLIMIT1", flat, StringComparison.Ordinal);
        Assert.Contains("NITROTPMPCR4", flat, StringComparison.Ordinal);
        Assert.Contains("EC2-INSTANCE-CONNECT*", flat, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(text, Regex.Escape(KeyArn))); // the role's policy and the endpoint's
        Assert.Equal(text, form == "yaml" ? CloudFormationTemplate.Write(s_request) : TerraformConfiguration.Write(s_request));
        Assert.DoesNotContain('\r', text);
        Assert.All(text.Split('\n'), line => Assert.Equal(line.TrimEnd(), line));
    }

    [Fact]
    public void Volumes_become_devices_and_without_them_there_are_none()
    {
        foreach (Func<LaunchRequest, string> write in new Func<LaunchRequest, string>[] { CloudFormationTemplate.Write, TerraformConfiguration.Write })
        {
            string text = write(s_request);
            Assert.True(text.IndexOf("/dev/sdf", StringComparison.Ordinal) is > 0 and int first && first < text.IndexOf("/dev/sdg", StringComparison.Ordinal), text);
            Assert.DoesNotContain("/dev/sd", write(s_request with { Snapshots = [] }), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("m7i.large", true)]
    [InlineData("m7i-flex.xlarge", true)]
    [InlineData("g5.12xlarge", true)]
    [InlineData("m7g.large", false)]
    [InlineData("m7i.metal-24xl", false)]
    [InlineData("t2.micro", false)]
    [InlineData("m7i.large\"", false)]
    public void Only_types_with_a_tpm_are_taken(string type, bool expected) => Assert.Equal(expected, InstanceTypes.CanRun(type));

    [Fact]
    public void What_is_not_of_its_kind_is_refused()
    {
        s_request.Check();
        LaunchRequest[] wrong =
        [
            s_request with { Name = "a\nb" }, s_request with { ImageId = "ami-1" }, s_request with { KeyArn = "arn:aws:kms:eu-central-1:111122223333:alias/a" }, s_request with { Role = "a b" },
            s_request with { Port = 0 }, s_request with { Operations = ["kms:*"] }, s_request with { Operations = [] }, s_request with { InstanceType = "a1.large" }, s_request with { Snapshots = ["snap"] },
            s_request with { Snapshots = [.. Enumerable.Repeat("snap-0123456789abcdef0", 12)] },
        ];
        Assert.All(wrong, request => Assert.Equal(ExitCode.Usage, Assert.Throws<UserErrorException>(request.Check).Code));
    }

    private static YamlMappingNode Parse(string text)
    {
        YamlStream stream = [];
        using StringReader reader = new(text);
        stream.Load(reader);
        return (YamlMappingNode)Assert.Single(stream.Documents).RootNode;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static void AssertMembers(string allowed, YamlMappingNode node, string where) => AssertMembers(allowed, [.. node.Children.Keys.Select(Text)], where);

    private static void AssertMembers(string allowed, string[] members, string where)
    {
        string[] words = allowed.Split(' ');
        Assert.All(members, member => Assert.True(words.Any(word => word.TrimEnd('*') == member), $"{where} has no {member}"));
        Assert.All(words.Where(word => word.EndsWith('*')), word => Assert.True(members.Contains(word.TrimEnd('*')), $"{where} lacks {word}"));
    }

    /// <summary>The blocks of a formatted file, each with the names of its arguments and inner blocks; what jsonencode takes is not looked into.</summary>
    private static IEnumerable<(string Block, string[] Members)> Blocks(string text)
    {
        Stack<(string Block, List<string> Members)> open = new();
        int json = 0;
        foreach (string line in text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith('#')))
        {
            if (json > 0 || line.EndsWith("jsonencode({", StringComparison.Ordinal))
            {
                if (json == 0)
                {
                    open.Peek().Members.Add(line.Split(' ')[0]);
                }

                json += line.Count(c => c is '{' or '[') - line.Count(c => c is '}' or ']');
            }
            else if (line == "}")
            {
                (string block, List<string> members) = open.Pop();
                yield return (block, [.. members]);
            }
            else if (line.EndsWith('{'))
            {
                string[] words = line.Split(' ');
                if (open.Count > 0)
                {
                    open.Peek().Members.Add(words[0]);
                }

                open.Push((words[0] == "resource" ? $"resource {words[1].Trim('"')}" : words[0], []));
            }
            else
            {
                Assert.Matches("^[a-z_0-9]+ += ", line);
                open.Peek().Members.Add(line.Split(' ')[0]);
            }
        }

        Assert.Empty(open);
    }

    [GeneratedRegex("^(resource|variable) \"([a-z0-9_]+)\"(?: \"([a-z0-9_]+)\")?", RegexOptions.Multiline)]
    private static partial Regex Declaration { get; }

    [GeneratedRegex("(?<![\"a-z0-9_.])(?:var\\.[a-z0-9_]+|aws_[a-z0-9_]+\\.[a-z0-9_]+)")]
    private static partial Regex Reference { get; }
}
