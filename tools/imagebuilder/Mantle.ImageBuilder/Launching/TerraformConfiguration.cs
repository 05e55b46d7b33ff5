namespace Mantle.ImageBuilder.Launching;

/// <summary>The same as <see cref="CloudFormationTemplate"/> in Terraform's configuration language; argument names are those of the AWS provider, version 5.</summary>
public static class TerraformConfiguration
{
    /// <summary>The text. The same request is the same text.</summary>
    public static string Write(LaunchRequest request)
    {
        string operations = string.Join(", ", request.Operations.Select(operation => $"\"{operation}\""));
        string volumes = string.Concat(request.Volumes.Select(volume =>
            $$"""


              block_device_mappings {
                device_name = "{{volume.Device}}" # only read: the guest checks every block against the root hash that it was measured with

                ebs {
                  snapshot_id           = "{{volume.Snapshot}}"
                  volume_type           = "gp3"
                  delete_on_termination = true
                }
              }
            """));
        return $$"""
            # {{request.Name}}: one instance of a sealed appliance.
            {{request.ReleaseComment}}# Its role can use the key, with an attestation document, and do nothing else. Nobody can log in: there is no key pair, no user data, no agent.
            # What only the account can forbid (Instance Connect, Systems Manager) is in policies/organization; attach that to the account, and the policy
            # "no_way_in" below to whoever has rights in it all the same.

            variable "vpc_id" {
              type = string
            }

            variable "subnet_id" {
              type = string
            }

            variable "client_cidr" {
              type        = string
              description = "Who may reach the service"
            }

            variable "instance_type" {
              type        = string
              description = "One with NitroTPM"
              default     = "{{request.InstanceType}}"

              validation {
                condition     = can(regex("{{InstanceTypes.Pattern.Replace("\\", "\\\\", StringComparison.Ordinal)}}", var.instance_type))
                error_message = "The instance type has no NitroTPM or is not x86-64."
              }
            }

            resource "aws_iam_role" "appliance" {
              name        = "{{request.Role}}"
              description = "Uses one key, attested, and nothing else"

              assume_role_policy = jsonencode({
                Version = "2012-10-17"
                Statement = [
                  {
                    Effect    = "Allow"
                    Principal = { Service = "ec2.amazonaws.com" }
                    Action    = "sts:AssumeRole"
                  },
                ]
              })
            }

            resource "aws_iam_role_policy" "attested_use" {
              name = "attested-use"
              role = aws_iam_role.appliance.id

              policy = jsonencode({
                Version = "2012-10-17"
                Statement = [
                  {
                    Sid       = "AttestedUse"
                    Effect    = "Allow"
                    Action    = [{{operations}}]
                    Resource  = "{{request.KeyArn}}"
                    Condition = { Null = { "kms:RecipientAttestation:NitroTPMPCR4" = "false" } }
                  },
                ]
              })
            }

            resource "aws_iam_instance_profile" "appliance" {
              name = "{{request.Role}}"
              role = aws_iam_role.appliance.name
            }

            resource "aws_iam_policy" "no_way_in" {
              name        = "{{request.Name}}-no-way-in"
              description = "Attach it to the people and roles of this account. It denies the ways to a running instance that are API calls"

              policy = jsonencode({
                Version = "2012-10-17"
                Statement = [
                  {
                    Sid      = "SerialConsole"
                    Effect   = "Deny"
                    Action   = ["ec2:EnableSerialConsoleAccess", "ec2-instance-connect:SendSerialConsoleSSHPublicKey"]
                    Resource = "*"
                  },
                  {
                    Sid      = "InstanceConnect"
                    Effect   = "Deny"
                    Action   = ["ec2-instance-connect:*", "ec2:CreateInstanceConnectEndpoint"]
                    Resource = "*"
                  },
                  {
                    Sid      = "SystemsManager"
                    Effect   = "Deny"
                    Action   = ["ssm:StartSession", "ssm:SendCommand"]
                    Resource = "*"
                  },
                ]
              })
            }

            resource "aws_ec2_serial_console_access" "off" {
              enabled = false
            }

            resource "aws_security_group" "service" {
              name        = "{{request.Name}}-service"
              description = "{{request.Name}}: in to the service, out to KMS"
              vpc_id      = var.vpc_id
            }

            resource "aws_security_group" "kms" {
              name        = "{{request.Name}}-kms"
              description = "{{request.Name}}: the endpoint of KMS"
              vpc_id      = var.vpc_id
            }

            resource "aws_vpc_security_group_ingress_rule" "service" {
              security_group_id = aws_security_group.service.id
              description       = "The service"
              ip_protocol       = "tcp"
              from_port         = {{request.Port}}
              to_port           = {{request.Port}}
              cidr_ipv4         = var.client_cidr
            }

            # DNS and metadata pass by every group.
            resource "aws_vpc_security_group_egress_rule" "kms" {
              security_group_id            = aws_security_group.service.id
              description                  = "KMS"
              ip_protocol                  = "tcp"
              from_port                    = 443
              to_port                      = 443
              referenced_security_group_id = aws_security_group.kms.id
            }

            resource "aws_vpc_security_group_ingress_rule" "kms" {
              security_group_id            = aws_security_group.kms.id
              description                  = "The appliance"
              ip_protocol                  = "tcp"
              from_port                    = 443
              to_port                      = 443
              referenced_security_group_id = aws_security_group.service.id
            }

            resource "aws_vpc_endpoint" "kms" {
              service_name        = "com.amazonaws.{{request.Region}}.kms"
              vpc_endpoint_type   = "Interface"
              vpc_id              = var.vpc_id
              subnet_ids          = [var.subnet_id]
              security_group_ids  = [aws_security_group.kms.id]
              private_dns_enabled = true

              policy = jsonencode({
                Version = "2012-10-17"
                Statement = [
                  {
                    Effect    = "Allow"
                    Principal = { AWS = aws_iam_role.appliance.arn }
                    Action    = [{{operations}}]
                    Resource  = "{{request.KeyArn}}"
                  },
                ]
              })
            }

            resource "aws_launch_template" "appliance" {
              name                                 = "{{request.Name}}"
              image_id                             = "{{request.ImageId}}"
              instance_type                        = var.instance_type
              instance_initiated_shutdown_behavior = "terminate"
              update_default_version               = true

              iam_instance_profile {
                arn = aws_iam_instance_profile.appliance.arn
              }

              metadata_options {
                http_endpoint               = "enabled"
                http_tokens                 = "required"
                http_put_response_hop_limit = 1
                http_protocol_ipv6          = "disabled"
                instance_metadata_tags      = "disabled"
              }

              network_interfaces {
                device_index                = 0
                associate_public_ip_address = false
                subnet_id                   = var.subnet_id
                security_groups             = [aws_security_group.service.id]
              }{{volumes}}
            }

            resource "aws_instance" "appliance" {
              depends_on = [aws_vpc_endpoint.kms]

              launch_template {
                id      = aws_launch_template.appliance.id
                version = aws_launch_template.appliance.latest_version
              }
            }

            output "instance_id" {
              value = aws_instance.appliance.id
            }

            output "role_arn" {
              description = "The principal of the binding plan"
              value       = aws_iam_role.appliance.arn
            }

            """;
    }
}
